/** Exit codes of the command line; ARCHITECTURE.md and README.md list them. */
export const EXIT = {
  done: 0,
  findings: 1,
  usage: 2,
  refused: 3,
  defect: 70,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** Data: stdout, and nothing else is written there. */
export function printData(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** SGR parameters (ECMA-48 8.3.117): red, yellow, cyan. */
const COLOURS: Readonly<Record<string, number>> = { error: 31, warning: 33, notice: 36 };

/** Whether colours show on a stream: on a terminal, unless NO_COLOR is set (no-color.org) or it knows none. */
export function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

/** A text in the colour of a severity. */
export function painted(text: string, severity: string): string {
  return `\u001b[${COLOURS[severity]}m${text}\u001b[39m`;
}

/** Everything that is not data: stderr, severities in colour on a terminal unless NO_COLOR is set. */
export function printMessages(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const coloured = isColoured(process.stderr)
    ? lines.map((line) =>
        line.replace(/^(error|warning|notice):/, (word, severity: string) => painted(word, severity)),
      )
    : lines;
  process.stderr.write(`${coloured.join('\n')}\n`);
}

/** What takes longer than this is worth a word. */
const PATIENCE_MILLISECONDS = 1000;

/** A counter on one line of the terminal, shown once the work has taken a second; nothing where stderr is no terminal. */
export function startProgress(what: string): {
  readonly update: (done: number, all: number) => void;
  readonly stop: () => void;
} {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  let isShown = false;
  let state = what;
  const show = (): void => {
    isShown = true;
    process.stderr.write(`\r\u001b[K${state}`);
  };
  const timer = setTimeout(show, PATIENCE_MILLISECONDS);
  return {
    update: (done, all) => {
      state = `${what} ${done}/${all}`;
      if (isShown) show();
    },
    stop: () => {
      clearTimeout(timer);
      if (isShown) process.stderr.write('\r\u001b[K');
    },
  };
}

/** As the C library asks: the first of these that is set to anything names the encoding (POSIX, 8.2). */
export function isUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
