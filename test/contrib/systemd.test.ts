import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bareEnvironment, endOf, NODE, run, SHAPES, start } from '../cli/shapes.ts';
import { treeOf, withDirectory } from '../cli/tree.ts';
import { isOnPath, oracle } from '../support/oracles.ts';

const FOLDER = resolve(__dirname, '../../contrib');
const UNITS = readdirSync(FOLDER);
const SERVICE = readFileSync(join(FOLDER, 'k8s-pki-renew.service'), 'utf8');
const PROGRAM = '/usr/local/bin/k8s-pki';

/** The values of a setting of the service. */
function settingsOf(name: string): readonly string[] {
  const lines = SERVICE.split('\n').filter((line) => line.startsWith(`${name}=`));
  return lines.flatMap((line) => line.slice(name.length + 1).split(' '));
}

/** The command of the service after its program, as a shell reads it: it has no specifier and no variable. */
const [, ARGUMENTS = ''] = new RegExp(`^ExecStart=${PROGRAM} (.*)$`, 'm').exec(SERVICE) ?? [];

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function analyze(...args: readonly string[]): Said {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Works in a folder that holds a PKI of a day in `etc/kubernetes`. */
const withPki = (work: (cwd: string) => Promise<void>): Promise<void> =>
  withDirectory(async (cwd) => {
    const init = 'init --host-ip 192.0.2.10 --hostname cp1 --key-algorithm ECDSA-P256 --cert-validity 1d';
    const placed = [...init.split(' '), '--cert-dir', 'etc/kubernetes/pki'];
    expect(await run(NODE, placed, { cwd })).toMatchObject({ status: 0 });
    await work(cwd);
  });

/** The service's own command, on another directory. */
const commandIn = (cwd: string, program: readonly string[]): string =>
  `exec ${program.join(' ')} ${ARGUMENTS} --cert-dir ${join(cwd, 'etc/kubernetes/pki')}`;

oracle(
  'systemd-analyze',
  isOnPath('systemd-analyze'),
  'systemd-analyze is not on the PATH',
)('the units', () => {
  test('are such as systemd loads without a word', async () => {
    await withDirectory((cwd) => {
      // It looks whether the program is there.
      const paths = UNITS.map((name) => {
        const text = readFileSync(join(FOLDER, name), 'utf8').replaceAll(
          PROGRAM,
          SHAPES[1]?.command[0] ?? '',
        );
        writeFileSync(join(cwd, name), text);
        return join(cwd, name);
      });
      expect(paths).toHaveLength(2);
      expect(analyze('verify', ...paths)).toEqual({ status: 0, stdout: '', stderr: '' });
      writeFileSync(join(cwd, 'k8s-pki-renew.service'), `${SERVICE}Frob=yes\n`);
      expect(analyze('verify', ...paths).stderr).toContain("Unknown key 'Frob' in section [Service]");
    });
  });

  test('expose no more than 2.5 of the 10 that systemd counts to', () => {
    const path = join(FOLDER, 'k8s-pki-renew.service');
    expect(analyze('security', '--offline=yes', '--threshold=25', path)).toMatchObject({ status: 0 });
    expect(analyze('security', '--offline=yes', '--threshold=5', path)).toMatchObject({ status: 1 });
  });

  oracle(
    'strace',
    isOnPath('strace'),
    'strace is not on the PATH',
  )('and their filter of system calls', () => {
    test.each(SHAPES)('let $name do what it does', async ({ command }) => {
      await withPki(async (cwd) => {
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const traced = commandIn(cwd, ['strace', '-f', '-qq', '-o', 'trace', ...command]);
        const ended = await endOf(start(['/bin/sh', '-c', traced], { cwd, env }));
        expect(ended).toMatchObject({
          status: 0,
          stdout: expect.stringContaining('10 certificates renewed'),
        });
        const calls = readFileSync(join(cwd, 'trace'), 'utf8').matchAll(/^\d+ +(\w+)\(/gm);
        const used = new Set([...calls].map(([, name = '']) => name));
        expect(used.size).toBeGreaterThan(30);
        const membersOf = (group: string): readonly string[] =>
          analyze('syscall-filter', group)
            .stdout.split('\n')
            .flatMap((line) => /^ {4}([@\w]\S*)$/.exec(line)?.[1] ?? [])
            .flatMap((name) => (name.startsWith('@') ? membersOf(name) : [name]));
        const allowed = new Set(settingsOf('SystemCallFilter').flatMap(membersOf));
        expect([...used].filter((name) => !allowed.has(name))).toEqual([]);
      });
    });
  });
});

const CAPABILITIES = settingsOf('CapabilityBoundingSet').map(
  (name) => `+${name.replace('CAP_', '').toLowerCase()}`,
);
/** As the service has it: all but one directory read-only, no network, no capability but those that it names. */
const CONFINE = `
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro /
umask 077
exec setpriv --bounding-set=-all,${CAPABILITIES.join(',')} --inh-caps=-all --no-new-privs sh -c "$2"
`;

oracle(
  'unshare',
  isOnPath('unshare') &&
    isOnPath('setpriv') &&
    spawnSync('unshare', ['-mn', 'mount', '-t', 'tmpfs', 't', '/mnt']).status === 0,
  'namespaces cannot be made here',
)('what the service is left with', () => {
  test.each(SHAPES)('is enough for $name, also where etcd has a user of its own', async ({ command }) => {
    await withPki(async (cwd) => {
      const directory = join(cwd, 'etc/kubernetes');
      const key = join(directory, 'pki/etcd/server.key');
      chownSync(key, 65_534, 65_534);
      mkdirSync(join(cwd, 'elsewhere'));
      const around = (): readonly string[] => treeOf(cwd).filter((line) => !line.includes('etc/kubernetes/'));
      const before = around();
      const script = `! touch ${join(cwd, 'elsewhere/file')} && ${commandIn(cwd, command)}`;
      const args = ['-mn', 'sh', '-euc', CONFINE, 'sh', directory, script];
      const { status, stdout, stderr } = spawnSync('unshare', args, {
        cwd,
        encoding: 'utf8',
        env: { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' },
      });
      expect(stderr).toMatch(/^touch: .*Read-only file system\n$/);
      expect(status).toBe(0);
      expect(stdout).toContain('10 certificates renewed');
      const { uid, gid, mode } = lstatSync(key);
      expect([uid, gid, mode & 0o777]).toEqual([65_534, 65_534, 0o600]);
      expect(around()).toEqual(before);
    });
  });
});
