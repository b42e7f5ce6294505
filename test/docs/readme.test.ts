import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  readdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT } from '../../src/cli/terminal.ts';
import { NODE, run } from '../cli/shapes.ts';
import { withDirectory } from '../cli/tree.ts';

const ROOT = resolve(__dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

const README = read('README.md');
const BLOCKS = blocksOf(README);
const CONSOLE = BLOCKS.filter(({ language }) => language === 'console').map(({ text }) => {
  const [command = '', ...output] = text.trimEnd().split('\n');
  return { command: command.replace('$ k8s-pki ', ''), output };
});

/** What a reader expects who sees a line of output in a document: `…` is something left out, days pass. */
function patternOf(line: string): RegExp {
  const parts = line.split(/…|\d{4}-\d\d-\d\d/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'm');
}

/** The flags in the tables of a section, each with its value. */
function flagsIn(title: string): readonly string[] {
  const [, after = ''] = README.split(`## ${title}`);
  const section = after.replace(/^## [^]*/m, '');
  return [...section.matchAll(/^\|[^|]*\|.*$/gm)].flatMap(([row]) =>
    [...row.matchAll(/`(--[^`]+)`/g)].map(([, given = '']) => given),
  );
}

/** What the documents take kubeadm's configuration to be. */
const CONFIGURATION = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: 192.0.2.10
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
`;

describe('the README', () => {
  // A reader has typed what stands above: each command runs where those before it have run.
  let home: string;
  beforeAll(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-pki-readme-')));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const type = (command: string): ReturnType<typeof run> =>
    run(NODE, command.split(' '), { cwd: home, env: { LANG: 'C.UTF-8' } });

  test.each(CONSOLE)('shows what k8s-pki $command prints', async ({ command, output }) => {
    const { status, stdout } = await type(command);
    expect(status).toBe(0);
    for (const line of output) expect(stdout).toMatch(patternOf(line));
  });

  test('names commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(named).toEqual(
      expect.arrayContaining(['quickstart', 'quicktest', 'build:standalone', 'bench', 'conformance']),
    );
    for (const name of named) expect(scripts).toHaveProperty([name]);
    expect(scripts.quickstart).toMatch(/^npm install .* && npm run build && node tools\/quickstart\.mjs$/);
    expect(scripts.quicktest).toMatch(/^npm install .* && npm test$/);
  });

  test('promises nothing of quickstart that it does not do', async () => {
    await withDirectory((cwd) => {
      symlinkSync(join(ROOT, 'dist'), join(cwd, 'dist'));
      const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'tools/quickstart.mjs')], {
        cwd,
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      expect(stdout.match(/^out\/pki\/\S+\.crt: OK by out\/pki\/\S+$/gm)).toHaveLength(10);
      expect(stdout).toContain('DNS:kubernetes.default.svc.cluster.local');
    });
  }, 60_000);

  test.each([...README.matchAll(/`k8s-pki ((?:show|verify) [^`]*)`/g)].map(([, command = '']) => command))(
    'can say: k8s-pki %s',
    async (line) => {
      const [command = ''] = line.split(/ [|>] /);
      expect(await type(command)).toMatchObject({ status: 0, stderr: '' });
    },
  );

  test('proposes flags that `verify` takes', async () => {
    const flags = flagsIn('Audit what is there');
    expect(flags.length).toBeGreaterThan(10);
    await withDirectory(async (cwd) => {
      const host = ['--host-ip', '127.0.0.1', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
      await run(NODE, ['init', ...host, '--cert-dir', 'out/pki'], { cwd });
      const { stdout } = await run(NODE, ['verify', 'out', '-o', 'json'], { cwd });
      const files = {
        'waivers.yaml': '[]',
        'old.json': stdout,
        'policy.yaml': 'keyAlgorithms: [ECDSA-P256]',
        'blacklist.RSA-2048': '0123456789abcdef0123',
        'etcd.service': '[Service]\nExecStart=/usr/bin/etcd',
        'ps.txt': 'etcd',
      };
      for (const [name, contents] of Object.entries(files)) writeFileSync(join(cwd, name), contents);
      for (const given of flags) {
        // A host has no static pods but those that it runs.
        const words = given.replace(/(?<=--manifests ).*/, 'ps.txt').split(' ');
        const { status, stderr } = await run(NODE, ['verify', 'out', '--fail-on', 'never', ...words], {
          cwd,
        });
        expect({ given, status, stderr }).toEqual({ given, status: 0, stderr: '' });
      }
    });
  }, 60_000);

  test('proposes flags that `init` takes', async () => {
    const flags = flagsIn('Bootstrap a cluster');
    expect(flags.length).toBeGreaterThan(6);
    await withDirectory(async (cwd) => {
      writeFileSync(join(cwd, 'kubeadm.yaml'), CONFIGURATION);
      for (const given of flags) {
        // The root's key can only be kept apart where there is a root.
        const more = given.startsWith('--root-ca-dir') ? ['--root-ca'] : [];
        const host = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--cert-dir', 'out/pki'];
        const { status, stderr } = await run(
          NODE,
          ['init', '--dry-run', ...host, ...given.split(' '), ...more],
          { cwd },
        );
        expect({ given, status, stderr }).toMatchObject({ given, status: 0 });
      }
    });
  }, 30_000);

  const [, speed = ''] = README.split('## Speed');
  const [section = ''] = speed.split('\n## ');
  const tables = [...section.matchAll(/([\s\S]*?)npm run bench -- (\S+)/g)];

  test.each(tables.map(([, text = '', flag = '']) => [flag, text] as const))(
    'has a speed table of the rows that npm run bench -- %s prints',
    (flag, text) => {
      const command = ['bench/run.mjs', flag, '--quick', 'ECDSA-P256'];
      const { status, stdout } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
      expect(status).toBe(0);
      const namesIn = (table: string): readonly string[] =>
        [...table.matchAll(/^\| ([^|]+) \| [\d.]+ (?:ms|files a second)/gm)].map(([, name = '']) => name);
      // The real kubeadm is there only where the conformance suite has built it, and renews for root alone.
      const isFound = !/npm run conformance:programs -- kubeadm-|is not asked:/.test(stdout);
      const shown = namesIn(text);
      expect(shown.length).toBeGreaterThanOrEqual(3);
      expect(namesIn(stdout)).toEqual(shown.filter((name) => isFound || !name.startsWith('kubeadm ')));
    },
  );

  test('has the exit codes of the program', () => {
    const [, table = ''] = README.split('## Exit codes');
    const codes = [...table.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, cell = '']) =>
      cell.split(', ').map(Number),
    );
    expect(codes).toEqual(Object.values(EXIT));
  });

  test('names the dependencies of package.json', () => {
    const [, table = ''] = README.split('## Dependencies');
    const named = [...table.matchAll(/^\| (`.*`) \|/gm)].flatMap(([, cell = '']) =>
      cell.replaceAll('`', '').split(', '),
    );
    expect(named.toSorted()).toEqual(Object.keys(JSON.parse(read('package.json')).dependencies).toSorted());
  });

  test('in Japanese has the same blocks, sections and links', () => {
    const japanese = read('README.ja.md');
    expect(blocksOf(japanese)).toEqual(BLOCKS);
    const shape = (text: string): unknown => ({
      sections: text.match(/^#+ /gm),
      rows: text.match(/^\|/gm)?.length,
      points: text.match(/^- /gm)?.length,
      links: [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) =>
        target.replace('README.ja.md', 'README.md'),
      ),
    });
    expect(shape(japanese)).toEqual(shape(README));
  });
});

describe('the programs in the documents', () => {
  let programs: readonly string[];
  beforeAll(() => {
    const inReadme = BLOCKS.filter(({ language }) => language === 'ts').map(({ text }) => text);
    const sources = [
      ...readdirSync('src/library').map((file) => `src/library/${file}`),
      'src/sources/archive.ts',
    ]
      .map(read)
      .join('\n');
    const source = sources.replaceAll(/^ \* ?/gm, '');
    const examples = blocksOf(source).map(({ text }) => text);
    programs = [...inReadme, ...examples];
    expect([inReadme.length, examples.length]).toEqual([1, 20]);
  });

  test('compile, and run one after the other', async () => {
    await withDirectory((cwd) => {
      // The package as it is built, found by its name.
      const installed = join(cwd, 'node_modules/k8s-pki');
      mkdirSync(installed, { recursive: true });
      cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
      symlinkSync(join(ROOT, 'dist'), join(installed, 'dist'));
      symlinkSync(join(ROOT, 'node_modules/@types'), join(cwd, 'node_modules/@types'));
      writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
      writeFileSync(join(cwd, 'kubeadm.yaml'), CONFIGURATION);
      programs.forEach((text, index) => {
        // Each in a place of its own: an example writes where it likes to.
        const program = text
          .replaceAll('./out/pki', `./out${index}/pki`)
          .replaceAll('/etc/kubernetes/pki', './none/pki');
        writeFileSync(join(cwd, `example${index}.ts`), program);
      });
      const names = programs.map((_, index) => `example${index}`);
      const options = '--strict --target es2022 --module nodenext --types node --lib es2022'.split(' ');
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const start = (args: readonly string[]) => spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
      expect(start([tsc, ...options, ...names.map((name) => `${name}.ts`)]).stdout).toBe('');
      for (const name of names) expect(start([`${name}.js`])).toMatchObject({ status: 0, stderr: '' });
    });
  }, 60_000);
});
