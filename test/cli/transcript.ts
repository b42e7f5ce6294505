import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Ended, endOf, run, type Shape, start } from './shapes.ts';
import { treeOf } from './tree.ts';

/*
 * A transcript is a terminal session with what is to be seen in it, in the manner of Go's testscript:
 *
 *   # what the following shows
 *   k8s-pki init --host-ip 192.0.2.10     runs the program, which must succeed
 *   ! k8s-pki init                        which must fail, and must have changed nothing at all
 *   stdin file                            what the next command is given on stdin
 *   exec openssl x509 -in 'a b.crt'       runs any other program, which must succeed; `! exec` must fail
 *   exit 3                                the last command exited with 3
 *   stdout 'regular expression'           its output has that in it; `! stdout` has not; likewise stderr
 *   cmp stdout file                       its output is the text of that file
 *   set NAME words                        $NAME in a later line stands for these words
 *   capture NAME stderr 'an (expression)' the same for what the group has found
 *   unchanged                             the last command changed nothing at all
 *   exists PATH… / ! exists PATH…
 *   env NAME=value                        for what follows
 *   umask 077                             for what follows
 *   -- file --                            from the first of these on: files to begin with
 *
 * In what was said the working directory reads `$WORK`, days read YYYY-MM-DD and times YYYY-MM-DDThh:mm:ssZ.
 */

interface Line {
  readonly number: number;
  readonly isNegated: boolean;
  readonly words: readonly string[];
}

interface Transcript {
  readonly script: string;
  readonly lines: readonly Line[];
  readonly files: Map<string, string>;
}

/** Words as a shell divides them; within single quotes everything stands for itself, `''` for one quote. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'(?:[^']|'')*'|[^\s'])+/g)].map(([word]) =>
    word.replaceAll(/'((?:[^']|'')*)'/g, (_, quoted: string) => quoted.replaceAll("''", "'")),
  );
}

function parseTranscript(text: string): Transcript {
  const [script = '', ...parts] = text.split(/^-- (.+) --\n/m);
  const lines = script.split('\n').flatMap((line, index): readonly Line[] => {
    const words = line.startsWith('#') ? [] : wordsOf(line);
    if (words.length === 0) return [];
    const isNegated = words[0] === '!';
    return [{ number: index + 1, isNegated, words: isNegated ? words.slice(1) : words }];
  });
  const files = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) files.set(parts[index] ?? '', parts[index + 1] ?? '');
  return { script, lines, files };
}

class Session {
  readonly #shape: Shape;
  readonly #work: string;
  readonly #files: Map<string, string>;
  readonly #env: Record<string, string> = {};
  readonly #words = new Map<string, readonly string[]>();
  #umask = '022';
  #stdin: Buffer = Buffer.alloc(0);
  #before: readonly string[] = [];
  #last: Ended = { status: null, signal: null, stdout: '', stderr: '' };

  constructor(shape: Shape, work: string, files: Map<string, string>) {
    this.#shape = shape;
    this.#work = work;
    this.#files = files;
    for (const [name, contents] of files) {
      mkdirSync(dirname(join(work, name)), { recursive: true });
      writeFileSync(join(work, name), contents);
    }
  }

  /** What is wrong after a line; undefined where all is as it should be. */
  async step({ isNegated, words }: Line): Promise<string | undefined> {
    const [verb = '', ...args] = words.flatMap((word) => this.#expand(word));
    switch (verb) {
      case 'k8s-pki':
      case 'exec':
        return this.#command(verb, args, isNegated);
      case 'stdin':
        this.#stdin = readFileSync(join(this.#work, args[0] ?? ''));
        return undefined;
      case 'exit':
        return String(this.#last.status) === args[0] ? undefined : `expected exit ${args[0]}`;
      case 'stdout':
      case 'stderr':
        return new RegExp(args[0] ?? '', 'm').test(this.#said(verb)) === isNegated
          ? `expected ${isNegated ? 'no ' : ''}/${args[0]}/ on ${verb}`
          : undefined;
      case 'cmp':
        if (process.env['UPDATE_GOLDEN'] === '1') this.#files.set(args[1] ?? '', this.#said(args[0]));
        return this.#said(args[0]) === this.#files.get(args[1] ?? '') ? undefined : `expected ${args[1]}`;
      case 'set':
        this.#words.set(args[0] ?? '', args.slice(1));
        return undefined;
      case 'capture':
        return this.#capture(args);
      case 'unchanged':
        return this.#changes();
      case 'exists':
        return this.#exists(args, !isNegated);
      case 'env':
        Object.assign(this.#env, Object.fromEntries([(args[0] ?? '').split(/=(.*)/s)]));
        return undefined;
      case 'umask':
        this.#umask = args[0] ?? '';
        return undefined;
      default:
        return `no such verb: ${verb}`;
    }
  }

  describe(): string {
    return `status ${this.#last.status}\nstdout:\n${this.#said('stdout')}stderr:\n${this.#said('stderr')}`;
  }

  #expand(word: string): readonly string[] {
    const [whole, name = ''] = /^\$([A-Z]+)$/.exec(word) ?? [];
    return (whole === undefined ? undefined : this.#words.get(name)) ?? [word];
  }

  #said(stream: string | undefined): string {
    return this.#last[stream === 'stderr' ? 'stderr' : 'stdout']
      .replaceAll(this.#work, '$WORK')
      .replaceAll(/\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?/g, (time) =>
        time.length > 10 ? 'YYYY-MM-DDThh:mm:ssZ' : 'YYYY-MM-DD',
      );
  }

  async #command(
    verb: 'k8s-pki' | 'exec',
    args: readonly string[],
    mustFail: boolean,
  ): Promise<string | undefined> {
    this.#before = treeOf(this.#work);
    const cwd = this.#work;
    const stdin = this.#stdin;
    this.#stdin = Buffer.alloc(0);
    this.#last =
      verb === 'k8s-pki'
        ? await run(this.#shape, args, { cwd, stdin, env: this.#env, umask: this.#umask })
        : await endOf(start(args, { cwd, stdin, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } }));
    const hasFailed = this.#last.status !== 0;
    if (hasFailed !== mustFail) return mustFail ? 'expected a failure' : 'expected success';
    return hasFailed && verb === 'k8s-pki' ? this.#changes() : undefined;
  }

  #changes(): string | undefined {
    const after = treeOf(this.#work);
    const changed = [
      ...this.#before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
      ...after.filter((line) => !this.#before.includes(line)).map((line) => `+ ${line}`),
    ];
    return changed.length === 0 ? undefined : `expected no changes\n${changed.join('\n')}`;
  }

  #exists(paths: readonly string[], wanted: boolean): string | undefined {
    const isThere = (path: string): boolean =>
      lstatSync(join(this.#work, path), { throwIfNoEntry: false }) !== undefined;
    const wrong = paths.filter((path) => isThere(path) !== wanted);
    return wrong.length === 0 ? undefined : `expected ${wrong.join(' ')} ${wanted ? '' : 'not '}to be there`;
  }

  #capture([name = '', stream, pattern = '']: readonly string[]): string | undefined {
    const found = new RegExp(pattern, 'm').exec(this.#said(stream))?.[1];
    if (found === undefined) return `expected /${pattern}/ on ${stream}`;
    this.#words.set(name, wordsOf(found));
    return undefined;
  }
}

/**
 * Runs a transcript in an empty directory; throws at the first line that does not come out as it stands there. Returns
 * the transcript; with UPDATE_GOLDEN=1 the files that outputs are compared with are then what was put out.
 */
export async function runTranscript(text: string, shape: Shape, work: string): Promise<string> {
  const { script, lines, files } = parseTranscript(text);
  const session = new Session(shape, work, files);
  for (const line of lines) {
    const wrong = await session.step(line);
    if (wrong !== undefined)
      throw new Error(`line ${line.number}: ${line.words.join(' ')}: ${wrong}\n${session.describe()}`);
  }
  return script + [...files].map(([name, contents]) => `-- ${name} --\n${contents}`).join('');
}
