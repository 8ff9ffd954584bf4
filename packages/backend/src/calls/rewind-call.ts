import type { RewindInstanceRequest, RewindInstanceResponse } from "@durabletask/protobuf";
import { rewindInstance } from "../commands/rewind.ts";
import type { Hub } from "../state/hub.ts";
import { checkTexts } from "./message-checks.ts";
import { RewindReading } from "./rewind-reading.ts";

/**
 * Lets a failed orchestration run on from before its failure, with its failed children, in one commit (rule 20). What
 * succeeded is kept and not run again.
 */
export async function rewind(
  hub: Hub,
  { instanceId, reason }: RewindInstanceRequest,
): Promise<RewindInstanceResponse> {
  checkTexts({ reason });
  for (;;) {
    const reading = new RewindReading(hub);
    try {
      const targets = await reading.targets(instanceId);
      // Somebody has purged, restarted or rewound one of them meanwhile.
      if (reading.isStale) continue;
      const batch = hub.journal.begin();
      for (const target of targets) rewindInstance(hub, target, reason);
      await batch.settled;
      return { $typeName: "RewindInstanceResponse" };
    } finally {
      reading.close();
    }
  }
}
