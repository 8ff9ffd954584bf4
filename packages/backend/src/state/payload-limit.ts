/** The cap on the size of one payload (rule 18), if there is one. */
export class PayloadLimit {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  isExceededBy(payload: string | undefined): boolean {
    // No character takes more than three bytes a UTF-16 unit: most payloads need not be counted.
    if (payload === undefined || payload.length * 3 <= this.maxBytes) return false;
    return payload.length > this.maxBytes || Buffer.byteLength(payload) > this.maxBytes;
  }

  /** What is wrong with a payload that exceeds it. */
  complaint(what: string): string {
    return `${what} is larger than the ${this.maxBytes} bytes that this task hub takes.`;
  }
}
