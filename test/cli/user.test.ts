import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl, kubectlOracle } from '../interop/kubectl-run.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, endOf, NODE, run, type Shape, SHAPES, start } from './shapes.ts';
import { withDirectory } from './tree.ts';

const INIT = 'init --host-ip 192.0.2.10 --hostname cp1 --cert-dir out/pki --key-algorithm ECDSA-P256'.split(
  ' ',
);
const USER = 'kubeconfig user --cert-dir out/pki --client-name'.split(' ');

/** Works in a folder that holds a PKI in `out`. */
async function withPki(work: (cwd: string) => Promise<void>): Promise<void> {
  await withDirectory(async (cwd) => {
    expect(await run(NODE, INIT, { cwd })).toMatchObject({ status: 0 });
    await work(cwd);
  });
}

/** To YAML some of these are numbers, words or structure. */
const NAMES = ['alice', '0x1f', 'on', 'a: b', "it's #1", 'a "b" {c}', 'Zoë 🦊', `${'long '.repeat(30)}name`];

kubectlOracle('kubectl', () => {
  test('reads every kubeconfig, and all of them together', async () => {
    await withPki(async (cwd) => {
      const files: string[] = [];
      const make = async (name: string, more: readonly string[]): Promise<void> => {
        const { status, stdout } = await run(NODE, [...USER, name, ...more], { cwd });
        expect(status).toBe(0);
        files.push(join(cwd, `${files.length}.conf`));
        writeFileSync(files.at(-1) ?? '', stdout);
      };
      for (const name of NAMES) {
        await make(name, ['--org', 'dev']);
        await make(`${name}.`, ['--token', '1e3']);
      }
      const env = { KUBECONFIG: files.join(':') };
      const config = JSON.parse(kubectl(['config', 'view', '--raw', '-o', 'json'], { env }));
      expect(config.clusters).toMatchObject([
        { name: 'default-cluster', cluster: { server: 'https://192.0.2.10:6443' } },
      ]);
      const names = NAMES.flatMap((name) => [name, `${name}.`]);
      const contexts = names.map((name) => ({
        name: `${name}@default-cluster`,
        context: { cluster: 'default-cluster', user: name },
      }));
      expect(config.contexts).toEqual(expect.arrayContaining(contexts));
      expect(config.contexts).toHaveLength(names.length);
      for (const { name, user } of config.users) {
        const isToken = name.endsWith('.');
        expect(Object.keys(user)).toEqual(
          isToken ? ['token'] : ['client-certificate-data', 'client-key-data'],
        );
        if (isToken) expect(user).toEqual({ token: '1e3' });
      }
    });
  }, 60_000);
});

/** What a shape does on a terminal, which script(1) gives it, when somebody types these lines. */
async function onTerminal(
  {
    command,
    answers,
  }: { readonly command: string; readonly answers: readonly (readonly [question: string, typed: string])[] },
  cwd: string,
): Promise<{ readonly status: number | null; readonly stdout: string }> {
  const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '', TERM: 'xterm' };
  const child = start(['/usr/bin/env', 'script', '-qec', command, '/dev/null'], { cwd, env });
  const open = [...answers];
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    const [question, typed] = open[0] ?? [];
    if (question === undefined || !said.includes(question)) return;
    open.shift();
    said = '';
    child.stdin.write(typed ?? '');
  });
  return endOf(child);
}

oracle(
  'script',
  isOnPath('script'),
  'script(1) is not on the PATH',
)('on a terminal', () => {
  test.each(SHAPES)(
    '$name asks whether a user of system:masters is meant',
    async (shape) => {
      await withPki(async (cwd) => {
        const words = [
          ...shape.command,
          ...USER,
          'root',
          '--org',
          'system:masters',
          '--output-file',
          'root.conf',
        ];
        const command = words.join(' ');
        for (const [typed, status] of [
          ['no\r', 3],
          ['\r', 3],
          ['\u0003', 130],
        ] as const) {
          expect(await onTerminal({ command, answers: [['Type yes: ', typed]] }, cwd)).toMatchObject({
            status,
          });
          expect(existsSync(join(cwd, 'root.conf'))).toBe(false);
        }
        const { status, stdout } = await onTerminal({ command, answers: [['Type yes: ', 'yes\r']] }, cwd);
        expect({ status, stdout }).toMatchObject({ status: 0 });
        expect(stdout).toContain('Make "root" such a user? Type yes: ');
        expect(statSync(join(cwd, 'root.conf')).mode & 0o777).toBe(0o600);
        expect(readFileSync(join(cwd, 'root.conf'), 'utf8')).toContain(
          'current-context: root@default-cluster',
        );
      });
    },
    60_000,
  );

  test.each(SHAPES)(
    '$name asks twice for the password of a bundle, and shows nothing of it',
    async (shape) => {
      await withPki(async (cwd) => {
        const words = [
          ...shape.command,
          ...'export bundle admin.conf --cert-dir out/pki --output-file a.p12'.split(' '),
        ];
        const command = words.join(' ');
        const type = (first: string, second: string): ReturnType<typeof onTerminal> => {
          const answers = [
            ['Password of the bundle: ', first],
            ['The same again: ', second],
          ] as const;
          return onTerminal({ command, answers }, cwd);
        };
        expect(await type('hush\r', 'hash\r')).toMatchObject({ status: 2 });
        expect(await type('\r', '')).toMatchObject({ status: 2 });
        expect(await type('hush\r', 'hus\u0003')).toMatchObject({ status: 130 });
        expect(existsSync(join(cwd, 'a.p12'))).toBe(false);
        // Typed wrong, and put right.
        const { status, stdout } = await type('hüshx\u007f\r', 'hüsh\r');
        expect({ status, stdout }).toMatchObject({ status: 0 });
        expect(stdout).not.toMatch(/h[uü]sh/);
        writeFileSync(join(cwd, 'pw'), 'hüsh');
        const read = ['pkcs12', '-in', 'a.p12', '-passin', 'file:pw', '-noout'];
        expect(spawnSync('openssl', read, { cwd }).status).toBe(0);
      });
    },
    60_000,
  );
});

// Only Node takes a module to load first; that both shapes ask by the same lines the terminal shows.
const STOPPED = `import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';
const generate = promisify(crypto.generateKeyPair);
crypto.generateKeyPair = () => undefined;
crypto.generateKeyPair[promisify.custom] = (...args) => {
  process.kill(process.pid, 'SIGTERM');
  return generate(...args);
};
syncBuiltinESMExports();
`;

test('a user whose key was under way when the run was stopped is not shown', async () => {
  await withPki(async (cwd) => {
    writeFileSync(join(cwd, 'stopped.mjs'), STOPPED);
    const [node, ...rest] = NODE.command;
    const shape: Shape = { name: 'stopped', command: [node, '--import', join(cwd, 'stopped.mjs'), ...rest] };
    const ended = await run(shape, [...USER, 'alice', '--key-algorithm', 'RSA-4096'], { cwd });
    expect(ended).toMatchObject({ signal: 'SIGTERM', stdout: '' });
    expect(ended.stderr).toContain('stopped by SIGTERM before anything was written');
  });
}, 60_000);
