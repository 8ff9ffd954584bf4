import type {
  ActivityRequest,
  HistoryEvent,
  OrchestrationStatus,
  OrchestrationTraceContext,
} from "@durabletask/protobuf";

/**
 * Where a task hub keeps what must survive: implement it to put the hub on another database.
 *
 * The hub is the only writer, keeps every live instance in memory and sends one batch at a time. A store decides
 * nothing: it applies batches whole, and gives back what they said. Messages are immutable to both sides.
 *
 * Everything is one log. An instance points at the newest row of its chain (`tail`), every row at the one before it
 * (`prev`), the first row of an execution at 0.
 */
export interface Store {
  /**
   * Takes ownership and opens. Called again after a failed commit, in which case the store first throws away all that
   * it holds of the past: what is on disk is what counts.
   */
  open(): Promise<StoreOpening>;

  /**
   * Makes a batch durable, whole or not at all. In this order: rows of the log are added, calls are kept and let go; chains
   * and instances are removed; instances are inserted, each replacing (with its chain) a stored one that has the same id;
   * instances are updated; detached activities come and go; attempts are recorded; the fence is set. With an instance, the
   * calls that are kept of its execution are removed too.
   *
   * A rejection means that the outcome is unknown. The hub then opens the store again.
   */
  commit(batch: Batch): Promise<void>;

  /** One instance by id. */
  find(id: string, payloads: boolean): Promise<StoredInstance | undefined>;

  /** The chain that ends in row `tail`, oldest row first. Empty when the row is not there. */
  chain(tail: number): Promise<readonly LogRow[]>;

  /** Instances in the order of their keys, at most `limit`. */
  query(query: StoreQuery): Promise<readonly StoredInstance[]>;

  /** Instances that have ended, in the order of their ends and then of their keys, at most `limit`. */
  ended(query: EndedQuery): Promise<readonly InstanceRecord[]>;

  /** The instances whose parent has this id, in no particular order. */
  children(parentId: string): Promise<readonly InstanceRecord[]>;

  /** Instances that have not ended and their chains, in the order of their keys, after key `after`, at most `limit`. */
  live(after: number, limit: number): Promise<readonly LiveInstance[]>;

  /** All detached activities, in the order of their keys. */
  detached(): Promise<readonly DetachedActivity[]>;

  /** The calls that are kept of an execution, in the order of their keys. */
  kept(executionId: string): Promise<readonly KeptCall[]>;

  /** All recorded attempts. */
  attempts(): Promise<readonly AttemptRecord[]>;

  /** Forgets everything, in one transaction. The hub opens the store again afterwards. */
  clear(): Promise<void>;

  /** Gives the database up. Every commit before it stays. */
  close(): Promise<void>;
}

/** What the hub needs to know to continue numbering. 0 where there is nothing yet. */
export interface StoreOpening {
  /** The highest key that any stored instance has. */
  readonly lastKey: number;
  /** The highest row that the log holds. */
  readonly lastRow: number;
  /** The highest key that any detached activity or kept call has. */
  readonly lastDetached: number;
  /** The fence that was set last. Absent in a new store. */
  readonly fence: string | undefined;
}

/** What is known of an instance besides its chain. Times are milliseconds since 1970. */
export interface InstanceRecord {
  /** Grows with every instance: the order of creation. */
  readonly key: number;
  readonly id: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly status: OrchestrationStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Absent while the instance lives. */
  readonly completedAt: number | undefined;
  readonly startAt: number | undefined;
  readonly parentId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly customStatus: string | undefined;
  /** What the last turn said of the span of the orchestration. */
  readonly traceContext: OrchestrationTraceContext | undefined;
  /** Whether a turn of it was committed, of whichever execution. */
  readonly hasRun: boolean;
  /** The row whose first event is ExecutionStarted. */
  readonly head: number;
  /** The newest row. Once the instance has ended, the last event of that row is ExecutionCompleted. */
  readonly tail: number;
}

/**
 * A row of the log: what came for an instance, and the turn that followed within the same batch, if one did.
 *
 * The first `arrived` events are those that came. The others, if `consumed` is there, are a turn: OrchestratorStarted and
 * the events that record what the turn asked for. Between the two belong, in the history, the `consumed` oldest events
 * that no earlier turn has taken, those of this row included.
 */
export interface LogRow {
  readonly row: number;
  readonly key: number;
  readonly prev: number;
  readonly arrived: number;
  /** Absent in a row without a turn. */
  readonly consumed: number | undefined;
  readonly events: readonly HistoryEvent[];
}

/** An activity that runs on although its orchestration is over: its result goes nowhere. */
export interface DetachedActivity {
  readonly key: number;
  readonly request: ActivityRequest;
}

/**
 * A call that an execution made and that its history no longer shows: what a rewind took back, or what ran on after the
 * failure. When the code asks for the same again, it is answered from here (rule 20).
 */
export interface KeptCall {
  readonly key: number;
  readonly executionId: string;
  /** What the code asked for: TaskScheduled, SubOrchestrationInstanceCreated or EventSent. */
  readonly scheduled: HistoryEvent;
  /** The success that came of it, if one has come. */
  readonly result: HistoryEvent | undefined;
}

/** How often an item of work was handed out since the process died while it was open (rule 9). */
export interface AttemptRecord {
  readonly kind: "turn" | "activity";
  readonly instanceId: string;
  readonly executionId: string;
  /** -1 for turns. */
  readonly taskId: number;
  readonly attempts: number;
  /** How many of them counted, since nothing else ran beside it. */
  readonly alone: number;
}

/** One transaction. */
export interface Batch {
  readonly log: readonly LogRow[];
  /** Tails of chains to remove, rows of this batch included. */
  readonly removedChains: readonly number[];
  /** Keys of instances to remove; their chains are in `removedChains`. */
  readonly removed: readonly number[];
  readonly inserted: readonly InstanceRecord[];
  /** Known keys. Id, name, parent, tags, creation and start time are as inserted. */
  readonly updated: readonly InstanceRecord[];
  readonly detached: readonly DetachedActivity[];
  /** Keys of detached activities that are done. */
  readonly undetached: readonly number[];
  /** Each replaces the one that has its key. */
  readonly kept: readonly KeptCall[];
  /** Keys of kept calls that are not needed any more; some of them may be kept by this very batch. */
  readonly unkept: readonly number[];
  /** Each replaces the one of the same kind, instance, execution and task; without attempts it is removed. */
  readonly attempts: readonly AttemptRecord[];
  /** A value to overwrite the fence with. */
  readonly fence: string | undefined;
}

/** A batch that changes nothing. */
export const emptyBatch: Batch = {
  log: [],
  removedChains: [],
  removed: [],
  inserted: [],
  updated: [],
  detached: [],
  undetached: [],
  kept: [],
  unkept: [],
  attempts: [],
  fence: undefined,
};

/** An instance as it is read. */
export interface StoredInstance {
  readonly record: InstanceRecord;
  /** With payloads: the events of the row `head`. */
  readonly headEvents: readonly HistoryEvent[];
  /** With payloads, of an instance that has ended: the events of the row `tail`. */
  readonly tailEvents: readonly HistoryEvent[];
}

/** An instance that has not ended, with its chain, oldest row first. */
export interface LiveInstance {
  readonly record: InstanceRecord;
  readonly rows: readonly LogRow[];
}

/** Which instances to read. Bounds of time are inclusive, in milliseconds. */
export interface StoreQuery {
  /** Only keys above this one. */
  readonly after: number;
  readonly limit: number;
  /** Absent: every status. */
  readonly statuses: readonly OrchestrationStatus[] | undefined;
  readonly createdFrom: number | undefined;
  readonly createdTo: number | undefined;
  readonly idPrefix: string;
  readonly payloads: boolean;
}

/** Which ended instances to read. Bounds of time are inclusive, in milliseconds. */
export interface EndedQuery {
  /** Only what comes after this instance. */
  readonly after: { readonly completedAt: number; readonly key: number } | undefined;
  readonly limit: number;
  /** Absent: every status. */
  readonly statuses: readonly OrchestrationStatus[] | undefined;
  readonly completedFrom: number | undefined;
  readonly completedTo: number | undefined;
}
