import { interruptedBy } from '../store/interrupt.ts';

const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';
const ERASE = new Set(['\u007f', '\b']);

/** Whether somebody can be asked: the questions go to stderr, as stdout is for data. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks on the terminal, and resolves to the line that is typed. Without echo the terminal is put into raw mode, in which it
 * also sends no signals: what they stand for is looked for here.
 *
 * @throws {PkiError} `ERR_INTERRUPTED`.
 */
export async function ask(
  question: string,
  { signal, isSecret }: { readonly signal: AbortSignal; readonly isSecret: boolean },
): Promise<string> {
  const { stdin, stderr } = process;
  // First, so that nothing is shown of what is typed at once.
  stdin.setRawMode(isSecret);
  stdin.setEncoding('utf8');
  stderr.write(question);
  let line = '';
  try {
    return await new Promise<string>((done, failed) => {
      const stop = (): void => failed(interruptedBy(String(signal.reason)));
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      stdin.once('end', () => done(line));
      stdin.on('data', (chunk: Buffer | string) => {
        for (const character of chunk.toString()) {
          if (character === '\r' || character === '\n' || character === END_OF_INPUT) done(line);
          else if (character === INTERRUPT) failed(interruptedBy('SIGINT'));
          else if (ERASE.has(character)) line = line.replace(/.$/su, '');
          else line += character;
        }
      });
      stdin.resume();
    });
  } finally {
    stdin.removeAllListeners('data');
    stdin.removeAllListeners('end');
    stdin.setRawMode(false);
    stdin.pause();
    if (isSecret) stderr.write('\n');
  }
}
