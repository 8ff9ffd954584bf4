import { VirtualClock } from "@durabletask/core/spi";
import { expect, it } from "vitest";
import { HeaderProvider } from "./call-headers.ts";

/** A source that counts, and answers when told to. */
function gatedSource() {
  const asked: PromiseWithResolvers<Record<string, string>>[] = [];
  return {
    asked,
    source: () => {
      const answer = Promise.withResolvers<Record<string, string>>();
      asked.push(answer);
      return answer.promise;
    },
  };
}

it("asks once for many calls, and keeps the answer", async () => {
  const { asked, source } = gatedSource();
  const provider = new HeaderProvider({ taskhub: "a" }, source);
  const answers = Promise.all([provider.get(), provider.get()]);
  asked[0]?.resolve({ Authorization: "Bearer 1" });
  const [first, second] = await answers;
  expect(first).toEqual({ taskhub: "a", authorization: "Bearer 1" });
  expect(second).toBe(first);
  expect(provider.get()).toBe(first);
  expect(asked).toHaveLength(1);
});

it("asks again once the answer has expired by its own word", async () => {
  let count = 0;
  const provider = new HeaderProvider({}, () => {
    count += 1;
    return { headers: { n: String(count) }, expiresAt: new Date(count === 1 ? 0 : 8e15) };
  });
  expect(await provider.get()).toEqual({ n: "1" });
  expect(await provider.get()).toEqual({ n: "2" });
  expect(await provider.get()).toEqual({ n: "2" });
});

it("asks again once its time is over, if the answer says nothing", async () => {
  let count = 0;
  const provider = new HeaderProvider({}, async () => ({ n: String((count += 1)) }), 0);
  await provider.get();
  expect(await provider.get()).toEqual({ n: "2" });
});

it("asks again after a refusal, once for many calls that were refused", async () => {
  let count = 0;
  const provider = new HeaderProvider({}, async () => ({ n: String((count += 1)) }));
  const refused = await provider.get();
  provider.refuse(refused);
  const fresh = await provider.get();
  provider.refuse(refused);
  expect(fresh).toEqual({ n: "2" });
  expect(provider.get()).toBe(fresh);
});

it("fails the calls that wait when the source fails, and asks again for the next", async () => {
  const { asked, source } = gatedSource();
  const provider = new HeaderProvider({}, source);
  const cause = new Error("no token today");
  const first = provider.get();
  asked[0]?.reject(cause);
  await expect(first).rejects.toMatchObject({
    code: "UNAVAILABLE",
    cause,
    message: expect.stringContaining("no token today"),
  });
  const second = provider.get();
  asked[1]?.resolve({});
  expect(await second).toEqual({});
});

it.each([
  [{ "grpc-timeout": "1S" }, "the protocol's own"],
  [{ ":path": "/" }, "the protocol's own"],
  [{ "Content-Type": "text/html" }, "the protocol's own"],
  [{ "a b": "1" }, "no name of a header"],
  [{ name: "ä" }, "printable ASCII"],
  [{ name: "a\r\nb: c" }, "printable ASCII"],
])("refuses %j", (headers: Record<string, string>, why) => {
  expect(() => new HeaderProvider(headers)).toThrow(why);
  expect(() => new HeaderProvider({}, headers)).toThrow(why);
});

it("tells of a bad header that a source gives, without its value", async () => {
  const provider = new HeaderProvider({}, async () => ({ authorization: "sécret" }));
  const failed = Promise.resolve(provider.get());
  await expect(failed).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining("cret") });
});

it("gives a source up that does not answer, and asks it again for the next call", async () => {
  const clock = new VirtualClock();
  const { asked, source } = gatedSource();
  const provider = new HeaderProvider({}, source, 300_000, clock);
  const failed = expect(provider.get()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("no answer within 30 s"),
  });
  clock.advance(30_000);
  await failed;
  const next = provider.get();
  asked[0]?.resolve({ n: "late" });
  asked[1]?.resolve({ n: "2" });
  expect(await next).toEqual({ n: "2" });
  expect(clock.next).toBeUndefined();
});
