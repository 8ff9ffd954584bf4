import type { DescFile, DescMessage } from "@bufbuild/protobuf";

/** The messages of a file, or of those it imports, for which code is generated: those that the plugin's options name. */
export class HotMessages {
  readonly all: readonly DescMessage[];

  constructor(file: DescFile, typeNames: readonly string[]) {
    const messages = [file, ...file.dependencies].flatMap((each) => each.messages);
    this.all = typeNames.map((typeName) => {
      const message = messages.find((each) => each.typeName === typeName);
      if (message === undefined) throw new Error(`There is no message ${typeName}.`);
      return message;
    });
    for (const message of this.all) this.#refuseRecursion(message, []);
  }

  has(message: DescMessage): boolean {
    return this.all.includes(message);
  }

  /** The generated code counts no levels. */
  #refuseRecursion(message: DescMessage, around: readonly DescMessage[]): void {
    if (around.includes(message)) throw new Error(`${message.typeName} may contain itself.`);
    for (const { message: child } of message.fields)
      if (child && this.has(child)) this.#refuseRecursion(child, [...around, message]);
  }
}
