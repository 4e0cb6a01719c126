import type { ByteChannel, QmpObject } from "../../../reference/doors/qemu.ts";

/**
 * A channel to a QMP monitor that passes each command to `record`, in the form
 * in which one would type it: without an id and empty arguments.
 */
export function recordedChannel(
  channel: ByteChannel,
  record: (line: string) => void,
): ByteChannel {
  return {
    name: channel.name,
    read: () => channel.read(),
    write(bytes: Uint8Array): Promise<void> {
      const command: Command = JSON.parse(DECODER.decode(bytes));
      const { execute, arguments: args } = command;
      const isEmpty = Object.keys(args).length === 0;
      record(
        JSON.stringify({ execute, arguments: isEmpty ? undefined : args }),
      );
      return channel.write(bytes);
    },
    close: () => channel.close(),
  };
}

interface Command {
  readonly execute: string;
  readonly arguments: QmpObject;
}

const DECODER = new TextDecoder();
