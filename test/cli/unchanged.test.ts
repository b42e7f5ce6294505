import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, type Ended, endOf, NODE, run, type Shape, SHAPES, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const HOST = '--host-ip 192.0.2.10 --hostname cp1 --key-algorithm ECDSA-P256 --cert-dir out/pki';
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  renew: 'certs renew all --cert-dir out/pki'.split(' '),
  recover: 'recover --cert-dir out/pki --node worker1 --output-dir nodes'.split(' '),
  reissue: `init ${HOST} --reissue --control-plane-endpoint lb.example.com`.split(' '),
  rollback: 'rollback --cert-dir out/pki'.split(' '),
};
const NAMES = Object.keys(COMMANDS);

/** Works in a folder that holds a PKI in `out`, a snapshot of what one renewal has replaced, and something to reissue. */
function withPki(work: (cwd: string) => Promise<void>): Promise<void> {
  return withDirectory(async (cwd) => {
    // The quicker of the two: there are many tests.
    const [shape = NODE] = SHAPES.toReversed();
    expect(await run(shape, `init ${HOST}`.split(' '), { cwd })).toMatchObject({ status: 0 });
    expect(await run(shape, COMMANDS['renew'] ?? [], { cwd })).toMatchObject({ status: 0 });
    await work(cwd);
  });
}

/** What stands in the way of every command that replaces files, and what is said of it. */
const OBSTACLES: readonly (readonly [
  title: string,
  prepare: (cwd: string) => void,
  status: number,
  code: string,
])[] = [
  [
    'a symbolic link in the place of a file',
    (cwd) => {
      renameSync(join(cwd, 'out/admin.conf'), join(cwd, 'admin.conf'));
      symlinkSync(join(cwd, 'admin.conf'), join(cwd, 'out/admin.conf'));
    },
    3,
    'ERR_OBSTACLE',
  ],
  [
    'a file in the place of the snapshots',
    (cwd) => {
      rmSync(join(cwd, 'out/pki-backups'), { recursive: true });
      writeFileSync(join(cwd, 'out/pki-backups'), '');
    },
    3,
    'ERR_OBSTACLE',
  ],
  [
    'a lock of which nobody knows whose it is',
    (cwd) => {
      mkdirSync(join(cwd, 'out/pki/.k8s-pki.lock'));
      writeFileSync(join(cwd, 'out/pki/.k8s-pki.lock/other'), 'mine');
    },
    3,
    'ERR_LOCKED',
  ],
  [
    'a file in the place of the directory',
    (cwd) => {
      renameSync(join(cwd, 'out/pki'), join(cwd, 'elsewhere'));
      writeFileSync(join(cwd, 'out/pki'), '');
    },
    3,
    'ERR_STORE',
  ],
];

async function expectUnchanged(cwd: string, command: () => Promise<Ended>): Promise<Ended> {
  const before = treeOf(cwd);
  const ended = await command();
  expect(ended).toMatchObject({ stdout: '' });
  expect(treeOf(cwd)).toEqual(before);
  return ended;
}

describe.each(SHAPES)('what $name does not do', (shape) => {
  // There is nothing to go back to where the snapshots are gone; what is renewed leaves out the one name of a link.
  const isMeant = (name: string, title: string): boolean =>
    name === 'rollback' ? !title.includes('snapshots') : name === 'reissue' || !title.includes('link');
  const rows = OBSTACLES.flatMap((obstacle) =>
    NAMES.filter((name) => isMeant(name, obstacle[0])).map((name) => [name, ...obstacle] as const),
  );
  test.each(rows)('%s, in front of %s, changes not a byte', async (name, _, prepare, status, code) => {
    await withPki(async (cwd) => {
      prepare(cwd);
      const ended = await expectUnchanged(cwd, () => run(shape, COMMANDS[name] ?? [], { cwd }));
      expect(ended.status).toBe(status);
      expect(ended.stderr).toContain(`[${code}]`);
    });
  });

  test.each([
    ['rollback --cert-dir out/pki 20200101T000000.000Z', 2, 'there is no snapshot 20200101T000000.000Z'],
    ['rollback --cert-dir out/pki --keep none', 2, '--keep "none": must be a number from 1 to 999999'],
    ['recover --cert-dir out/certs', 2, '--kubeconfig-dir: is needed where --cert-dir is not called pki'],
    ['recover --cert-dir out/pki --node worker1', 2, '--output-dir: is needed with --node'],
    ['recover --cert-dir out/pki --from both', 2, 'Given: "both"'],
    ['certs renew all --cert-dir out/pki --config nowhere.yaml', 2, '--config "nowhere.yaml": is not there'],
    ['certs renew apiserver --cert-dir out/pki --apiserver-cert-extra-sans b', 3, 'lacks DNS:b'],
    ['recover --cert-dir out/pki --apiserver-cert-extra-sans b', 3, 'lacks DNS:b'],
  ])('%s changes not a byte', async (line, status, says) => {
    await withPki(async (cwd) => {
      const ended = await expectUnchanged(cwd, () => run(shape, line.split(' '), { cwd }));
      expect(ended.status).toBe(status);
      expect(ended.stderr).toContain(says);
    });
  });

  test('a snapshot that was changed since is not put back', async () => {
    await withPki(async (cwd) => {
      const { stdout } = await run(shape, ['rollback', '--list', '--cert-dir', 'out/pki', '-o', 'json'], {
        cwd,
      });
      const [{ directory }] = JSON.parse(stdout).snapshots;
      writeFileSync(join(directory, 'pki/apiserver.crt'), 'mine');
      const ended = await expectUnchanged(cwd, () => run(shape, COMMANDS['rollback'] ?? [], { cwd }));
      expect(ended).toMatchObject({ status: 3, stderr: expect.stringContaining('was changed since') });
    });
  });

  test.each(['renew', 'recover'])(
    '%s that is stopped while it makes keys changes not a byte',
    async (name) => {
      await withPki(async (cwd) => {
        const before = treeOf(cwd);
        const [program, ...first] = shape.command;
        const slow = [...(COMMANDS[name] ?? []), '--key-algorithm', 'RSA-4096'];
        const child = spawn(program, [...first, ...slow], { cwd, env: bareEnvironment(cwd) });
        const ended = endOf(child);
        while (!treeOf(join(cwd, 'out/pki')).some((line) => line.includes('.k8s-pki.lock')))
          await new Promise((done) => setTimeout(done, 10));
        child.kill('SIGTERM');
        expect(await ended).toMatchObject({ signal: 'SIGTERM', stdout: '' });
        expect(treeOf(cwd)).toEqual(before);
      });
    },
  );
});

const ORDINARY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

oracle(
  'root',
  process.getuid?.() === 0 && isOnPath('setpriv'),
  'the tests do not run as root',
)('whoever may not write', () => {
  test.each(SHAPES.flatMap((shape) => NAMES.map((name) => [name, shape.name, shape] as const)))(
    'changes not a byte by %s on %s',
    async (name, _, shape) => {
      await withPki(async (cwd) => {
        for (const path of ['.', 'out', 'out/pki', 'out/pki/etcd', 'out/pki-backups'])
          chmodSync(join(cwd, path), 0o755);
        const ordinary: Shape = {
          name,
          command: ['/usr/bin/env', 'PATH=/usr/bin:/bin', ...ORDINARY, ...shape.command],
        };
        const ended = await expectUnchanged(cwd, () => run(ordinary, COMMANDS[name] ?? [], { cwd }));
        expect(ended.status).toBe(3);
      });
    },
  );
});

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('a disk that refuses', () => {
  const REFUSALS = [
    ['to flush the first file', 'fsync,fdatasync', 'EIO', 1],
    ['to commit', 'rename,renameat,renameat2', 'ENOSPC', 3],
    ['to hold what a file in the middle replaces', 'link,linkat', 'ENOSPC', 3],
  ] as const;
  const rows = SHAPES.flatMap((shape) =>
    NAMES.flatMap((name) => REFUSALS.map((refusal) => [...refusal, name, shape.name, shape] as const)),
  );
  test.each(rows)('%s (%s: %s, time %s) keeps %s on %s from changing a byte', async (...row) => {
    const [, calls, errno, when, name, , shape] = row;
    await withPki(async (cwd) => {
      const inject = `inject=${calls}:error=${errno}:when=${when}`;
      const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', inject];
      const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
      const command = ['/usr/bin/env', 'strace', ...trace, ...shape.command, ...(COMMANDS[name] ?? [])];
      const ended = await expectUnchanged(cwd, () => endOf(start(command, { cwd, env })));
      expect(ended.status).toBe(3);
      expect(ended.stderr).toContain(`(${errno})`);
    });
  });
});
