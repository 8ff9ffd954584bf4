import { expect, it } from "vitest";
import { formatTable } from "./table.ts";

it("aligns labels to the left and figures to the right, and rules off main rows", () => {
  const table = formatTable([
    { label: "Orders", figure: "1,300", note: "all" },
    { label: "late", figure: "7", note: "of them", isDetail: true },
    { label: "Time", figure: "9 s", note: "" },
  ]);
  expect(table).toBe(
    [
      "┌────────┬───────┬─────────┐",
      "│ Orders │ 1,300 │ all     │",
      "│   late │     7 │ of them │",
      "├────────┼───────┼─────────┤",
      "│ Time   │   9 s │         │",
      "└────────┴───────┴─────────┘",
    ].join("\n"),
  );
});
