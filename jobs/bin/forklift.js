#!/usr/bin/env node
import { start } from "@forklift/console/start";

await start(() => import("../dist/main.js"));
