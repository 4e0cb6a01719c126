import { QmpClient } from "../qmp_client.ts";
import { ConnectedPair } from "./connected_pair.ts";

export const GREETING = {
  QMP: { version: { qemu: { major: 10, minor: 0, micro: 2 } } },
};

/** A command received. */
export interface FakeCommand {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: number;
}

/** The answer to a command: lines, each an object or text to send unchanged. */
export type FakeAnswer = (command: FakeCommand) => readonly unknown[];

/** A QEMU that sends what a test specifies, over a real socket. */
export class FakeQemu implements Disposable {
  readonly pair: ConnectedPair;
  /** All commands received so far. */
  readonly commands: FakeCommand[] = [];
  readonly #answer: FakeAnswer;
  #rest = "";

  /** Answers at the plain end of the pair; grants all capabilities. */
  constructor(pair: ConnectedPair, answer: FakeAnswer = ok) {
    this.pair = pair;
    this.#answer = answer;
    pair.other.setEncoding("utf8");
    pair.other.on("data", (text) => this.#receive(String(text)));
  }

  /** Opens a client of such a QEMU, after the greeting. */
  static async open(
    answer: FakeAnswer = ok,
  ): Promise<{ readonly qemu: FakeQemu; readonly qmp: QmpClient }> {
    const qemu = new FakeQemu(await ConnectedPair.open(), answer);
    qemu.say(GREETING);
    return { qemu, qmp: await QmpClient.open(qemu.pair.channel) };
  }

  /** Sends lines. */
  say(...lines: readonly unknown[]): void {
    for (const line of lines) {
      const text = typeof line === "string" ? line : JSON.stringify(line);
      this.pair.other.write(`${text}\r\n`);
    }
  }

  [Symbol.dispose](): void {
    this.pair[Symbol.dispose]();
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const command = JSON.parse(line) as FakeCommand;
      this.commands.push(command);
      this.say(
        ...(command.execute === "qmp_capabilities" ? ok : this.#answer)(
          command,
        ),
      );
    }
  }
}

/** Accepts everything. */
function ok({ id }: FakeCommand): readonly unknown[] {
  return [{ return: {}, id }];
}
