import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import type { QmpMessage } from "./qmp_message.ts";
import { quoteWords } from "./quote_words.ts";

interface PendingCommand {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: SourceError): void;
}

/** The commands that wait for their answers, by id. */
export class QmpCommands {
  readonly #name: string;
  readonly #pending = new Map<number, PendingCommand>();
  #nextId = 1;

  /** `name` is QEMU's monitor, for errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Passes an id to `send`, then waits for the result of that command. */
  async run(
    command: string,
    send: (id: number) => void,
    options: WaitOptions & {
      readonly timeoutError: (timeout: number) => SourceError;
    },
  ): Promise<unknown> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command, resolve, reject });
    send(id);
    try {
      return await waitFor(promise, options);
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Passes an answer to its command; throws if no such command was sent. */
  settle(answer: QmpMessage & { readonly kind: "answer" }): void {
    const { id, refusal, value } = answer;
    const wasSent = typeof id === "number" && id > 0 && id < this.#nextId;
    if (!wasSent) {
      throw new Error(
        quoteWords(refusal?.desc ?? "") || "an answer to no command",
      );
    }
    // The answer to a command that timed out is dropped.
    const pending = this.#pending.get(id);
    if (refusal === undefined) return pending?.resolve(value);
    pending?.reject(
      new SourceError(
        this.#name,
        `Cannot execute ${pending.command}: ${quoteWords(refusal.desc)}`,
        { cause: refusal },
      ),
    );
  }

  /** Rejects every command: no more answers arrive. */
  end(errorOf: (command: string) => SourceError): void {
    for (const { command, reject } of this.#pending.values()) {
      reject(errorOf(command));
    }
    this.#pending.clear();
  }
}
