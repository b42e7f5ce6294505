// Run by bun: bundles the compiled command line, with what it needs of other packages, into dist/cli.js and
// dist/chunks/. Node takes twice as long to start from the single files of every package. The library stays as it is.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

declare const Bun: {
  build(options: object): Promise<{ success: boolean; logs: readonly unknown[] }>;
};

/**
 * What yargs loads and does at every start and this command line has no use for, by the files that hold it. To measure texts
 * it compiles a pattern of every emoji, which takes Node half as long as starting; all that is laid out here is ASCII, one
 * column a character, without colour codes. For a version and translations, both of which are given, it reads directories
 * from the working directory up and a file outside of this package. Of `assert`, `fs` and `util` it uses what is written
 * here. And it lays out the help of every command that is run, for handlers that show it when they fail.
 */
const LIGHT: Readonly<Record<string, (original: string) => string>> = {
  'string-width/index.js': () => 'export default (text) => text.length;',
  'strip-ansi/index.js': () => 'export default (text) => text;',
  'ansi-styles/index.js': () => 'export default { codes: new Map() };',
  'yargs/build/lib/command.js': (original) => original.replace(/\S+\.cacheHelpMessage\(\);/, ''),
  'yargs-parser/build/lib/index.js': () => `
    import { normalize, resolve } from 'node:path';
    import { camelCase, decamelize, looksLikeNumber } from './string-utils.js';
    import { YargsParser } from './yargs-parser.js';
    const parser = new YargsParser({ cwd: process.cwd, env: () => process.env, normalize, resolve });
    const detailed = (words, options) => parser.parse(words.slice(), options);
    export default { camelCase, decamelize, detailed, looksLikeNumber };`,
  'yargs/lib/platform-shims/esm.mjs': () => `
    import cliui from 'cliui';
    import path from 'node:path';
    import Parser from 'yargs-parser';
    const assert = (holds, message) => { if (!holds) throw new Error(message); };
    const format = (text, ...values) => text.replace(/%s/g, () => values.shift());
    const { argv, cwd, execPath, exit, nextTick } = process;
    export default {
      assert: {
        strictEqual: (a, b, message) => assert(Object.is(a, b), message),
        notStrictEqual: (a, b, message) => assert(!Object.is(a, b), message),
      },
      cliui,
      findUp: () => undefined,
      getEnv: (key) => process.env[key],
      getProcessArgvBin: () => argv[1],
      inspect: JSON.stringify,
      mainFilename: '',
      Parser,
      path,
      process: { argv: () => argv, cwd, execPath: () => execPath, exit, nextTick },
      stringWidth: (text) => text.length,
      y18n: {
        __: format,
        __n: (one, many, count, ...values) => format(count === 1 ? one : many, ...values),
        setLocale: () => undefined,
      },
    };`,
};

interface Hooks {
  onLoad(
    where: { filter: RegExp },
    hook: (found: { path: string }) => Promise<{ loader: 'js'; contents: string } | undefined>,
  ): void;
}

const bundled = new Set<string>();
const unused = new Set(Object.keys(LIGHT));
const light = {
  name: 'light',
  setup(hooks: Hooks): void {
    hooks.onLoad({ filter: /node_modules/ }, async ({ path }) => {
      const [, folder = '', name = ''] = /^(.*node_modules\/(?:@[^/]+\/)?([^/]+))\//.exec(path) ?? [];
      const file = `${name}${path.slice(folder.length)}`;
      const lighten = LIGHT[file];
      if (lighten === undefined) {
        bundled.add(folder);
        return undefined;
      }
      const original = await readFile(path, 'utf8');
      const contents = lighten(original);
      if (contents !== original) unused.delete(file);
      return { loader: 'js', contents };
    });
  },
};

/** Their licences ask to go where their code goes. */
async function notices(): Promise<string> {
  const parts = await Promise.all(
    [...bundled].toSorted().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      const texts = await Promise.all(
        ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license'].map((file) =>
          readFile(join(folder, file), 'utf8').catch(() => ''),
        ),
      );
      return `${name} ${version} (${license})\n\n${texts.find((text) => text !== '') ?? ''}`.trim();
    }),
  );
  return `The command line contains code of these packages.\n\n${parts.join(`\n\n${'-'.repeat(79)}\n\n`)}\n`;
}

const staging = 'dist/bundle';
const result = await Bun.build({
  entrypoints: ['dist/cli.js'],
  outdir: staging,
  target: 'node',
  format: 'esm',
  splitting: true,
  minify: true,
  naming: { entry: '[name].js', chunk: 'chunks/[hash].js' },
  plugins: [light],
});
if (!result.success) throw new AggregateError(result.logs, 'the command line cannot be bundled');
// Another release of yargs may have other files: then only time would be lost, and nobody would notice.
if (unused.size > 0) throw new Error(`there is nothing to replace in ${[...unused].join(', ')}`);
await rm('dist/chunks', { recursive: true, force: true });
await rm('dist/cli', { recursive: true, force: true });
await mkdir('dist/chunks', { recursive: true });
await rename(join(staging, 'cli.js'), 'dist/cli.js');
await rename(join(staging, 'chunks'), 'dist/chunks');
await rm(staging, { recursive: true });
await rm('dist/cli.js.map', { force: true });
await rm('dist/cli.d.ts', { force: true });
await writeFile('dist/THIRD-PARTY.txt', await notices());
