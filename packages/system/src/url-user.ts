// The user of a URL as an HTTP Authorization header.

/** The headers that authenticate a request: none where the URL names nobody. */
export function authorizationOf({ username, password }: URL): { readonly authorization?: string } {
  if (username === "" && password === "") return {};
  const user = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
}

/** Without percent-encoding, or as it is where that is invalid: then it was never encoded. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
