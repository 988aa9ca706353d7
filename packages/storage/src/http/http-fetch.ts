// `fetch` as everybody knows it, through the same proxies as every other request of forklift's.

import { fetch, type RequestInit, type Response } from "undici";
import { sharedClient } from "./http-client.ts";

export async function httpFetch(url: URL, init: RequestInit): Promise<Response> {
  return await fetch(url, { ...init, dispatcher: sharedClient().agent });
}
