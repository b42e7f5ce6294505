// Run by bun: bundles the compiled command line, with what it needs of other packages, into dist/cli.js and
// dist/chunks/. Node takes twice as long to start from the single files of every package. The library stays as it is.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

declare const Bun: {
  build(options: object): Promise<{ success: boolean; logs: readonly unknown[] }>;
};

/**
 * What yargs loads at every start and this command line has no use for. To measure texts it compiles a pattern of every
 * emoji, which takes Node half as long as starting; all that is laid out here is ASCII, one column a character, without
 * colour codes. `assert` and `inspect` are for mistakes in setting yargs up, `format` puts words into its messages; to load what Node
 * has of that name takes the executable longer than starting.
 */
const LIGHT: Readonly<Record<string, string>> = {
  'string-width': 'export default (text) => text.length;',
  'strip-ansi': 'export default (text) => text;',
  assert: `const fail = (message) => { throw new Error(String(message)); };
    export const strictEqual = (a, b, message) => { if (!Object.is(a, b)) fail(message); };
    export const notStrictEqual = (a, b, message) => { if (Object.is(a, b)) fail(message); };`,
  util: `export const inspect = (value) => JSON.stringify(value);
    export const format = (text, ...values) => values.reduce((part, value) => part.replace(/%[sd]/, () => String(value)), text);`,
};

interface Hooks {
  onResolve(
    where: { filter: RegExp },
    hook: (found: { path: string; importer: string }) => object | undefined,
  ): void;
  onLoad(
    where: { filter: RegExp; namespace?: string },
    hook: (found: { path: string }) => object | undefined,
  ): void;
}

const bundled = new Set<string>();
const light = {
  name: 'light',
  setup(hooks: Hooks): void {
    hooks.onResolve({ filter: /^(string-width|strip-ansi)$/ }, ({ path }) => ({ path, namespace: 'light' }));
    hooks.onResolve({ filter: /^(assert|util)$/ }, ({ path, importer }) =>
      /node_modules\/(yargs|yargs-parser|y18n)\//.test(importer) ? { path, namespace: 'light' } : undefined,
    );
    hooks.onLoad({ filter: /.*/, namespace: 'light' }, ({ path }) => ({
      loader: 'js',
      contents: LIGHT[path],
    }));
    hooks.onLoad({ filter: /node_modules/ }, ({ path }) => {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
      if (folder !== undefined) bundled.add(folder);
      return undefined;
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
await rm('dist/chunks', { recursive: true, force: true });
await rm('dist/cli', { recursive: true, force: true });
await mkdir('dist/chunks', { recursive: true });
await rename(join(staging, 'cli.js'), 'dist/cli.js');
await rename(join(staging, 'chunks'), 'dist/chunks');
await rm(staging, { recursive: true });
await rm('dist/cli.js.map', { force: true });
await rm('dist/cli.d.ts', { force: true });
await writeFile('dist/THIRD-PARTY.txt', await notices());
