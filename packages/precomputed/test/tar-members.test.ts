import { packTar } from "modern-tar";
import { expect, test } from "vitest";
import { tarMembers } from "../src/bundle/tar-members.ts";

const hash = "3NLyWnjZqUECniE1q719CoLmes6WDQAod4vrTeLfN7XXJbHv6EHH";

test("members are where they are said to be, however the archive comes in chunks", async () => {
  const bodies = Array.from({ length: 40 }, (_, at) => `${at} `.repeat(1 + ((at * 397) % 1500)));
  const tar = await packTar(
    bodies.map((body, at) => {
      const name = at % 5 === 3 ? `readme-${at}` : `sample-${at}-${hash}.json`;
      return { header: { name, size: body.length }, body };
    }),
  );
  for (const chunkBytes of [100, 512, 700, 1500, 4096, 10_000, tar.length]) {
    async function* chunks() {
      for (let at = 0; at < tar.length; at += chunkBytes) yield tar.slice(at, at + chunkBytes);
    }
    const found: string[] = [];
    for await (const { name, offset, bytes } of tarMembers(chunks(), "sample")) {
      const body = bodies[Number(name.split("-")[1])]!;
      expect(Buffer.from(tar.subarray(offset, offset + bytes)).toString()).toBe(body);
      found.push(name);
    }
    expect(found).toHaveLength(32);
  }
});
