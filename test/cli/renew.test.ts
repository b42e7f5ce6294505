import { describe, expect, test } from '@jest/globals';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { kubectl, kubectlOracle } from '../interop/kubectl-run.ts';
import { bareEnvironment, endOf, NODE, run, SHAPES, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';
import { changedIn, openssl } from './two-trees.ts';

const INIT = 'init --host-ip 192.0.2.10 --hostname cp1 --cert-dir out/pki --key-algorithm ECDSA-P256'.split(
  ' ',
);
const ALL = 'certs renew all --cert-dir out/pki'.split(' ');

/** Works in a folder that holds a PKI in `out` and the same in `good`. */
async function withPki(work: (cwd: string) => Promise<void>): Promise<void> {
  await withDirectory(async (cwd) => {
    expect(await run(NODE, INIT, { cwd })).toMatchObject({ status: 0 });
    cpSync(join(cwd, 'out'), join(cwd, 'good'), { recursive: true, preserveTimestamps: true });
    await work(cwd);
  });
}

describe.each(SHAPES)('certs renew on $name', (shape) => {
  test('tells of each name why it cannot be renewed, does the rest, and ends with 1', async () => {
    await withPki(async (cwd) => {
      const pki = join(cwd, 'out/pki');
      rmSync(join(pki, 'etcd/ca.key'));
      rmSync(join(pki, 'apiserver.crt'));
      const expired = ['x509', '-in', 'front-proxy-ca.crt', '-signkey', 'front-proxy-ca.key', '-days', '-1'];
      writeFileSync(join(pki, 'front-proxy-ca.crt'), openssl(pki, ...expired));
      rmSync(join(cwd, 'good'), { recursive: true });
      cpSync(join(cwd, 'out'), join(cwd, 'good'), { recursive: true });

      const planned = await run(shape, [...ALL, '--dry-run'], { cwd });
      expect(planned.status).toBe(1);
      expect(changedIn(cwd)).toEqual([]);
      const { status, stdout, stderr } = await run(shape, ALL, { cwd });
      expect(status).toBe(1);
      for (const [line, remedy] of [
        ['pki/apiserver.crt: is not there', 'what is not there, k8s-pki init makes'],
        [
          'pki/etcd/server.crt: its CA, etcd-ca, is external: the key is not here',
          'bring the key of the CA, or ',
        ],
        [
          'pki/front-proxy-client.crt: its CA, front-proxy-ca, cannot sign: pki/front-proxy-ca.crt has expired',
          'mend what is said of the CA; a CA that has expired has to be rotated',
        ],
      ])
        expect(stderr).toContain(`${line} [not-renewable]\n  remedy:   ${remedy}`);
      expect(stdout).toContain(
        '4 certificates renewed; 6 could not be renewed; what was there before is in ',
      );
      expect(changedIn(cwd)).toEqual([
        'admin.conf',
        'controller-manager.conf',
        'pki/apiserver-kubelet-client.crt',
        'pki/apiserver-kubelet-client.key',
        'scheduler.conf',
      ]);
    });
  }, 60_000);

  test('leaves out of the whole what is no file of its own, says so, and does the rest, as recover does', async () => {
    await withPki(async (cwd) => {
      for (const path of ['pki/etcd/peer.key', 'scheduler.conf']) {
        renameSync(join(cwd, 'out', path), join(cwd, 'stored'));
        cpSync(join(cwd, 'stored'), join(cwd, 'store', path));
        symlinkSync(join(cwd, 'store', path), join(cwd, 'out', path));
      }
      rmSync(join(cwd, 'out/pki/apiserver.crt'));
      symlinkSync('nowhere', join(cwd, 'out/pki/apiserver.crt'));
      rmSync(join(cwd, 'out/pki/front-proxy-client.crt'));
      mkdirSync(join(cwd, 'out/pki/front-proxy-client.crt'));
      const before = treeOf(join(cwd, 'store'));
      for (const command of [ALL, 'recover --cert-dir out/pki'.split(' ')]) {
        const { status, stderr } = await run(shape, command, { cwd });
        expect(status).toBe(1);
        for (const sentence of [
          'pki/etcd/peer.crt: where its key belongs is a symbolic link, which is never replaced [not-renewable]',
          'scheduler.conf: where its kubeconfig belongs is a symbolic link, which is never replaced [not-renewable]',
          'pki/apiserver.crt: where its certificate belongs is a symbolic link, which is never replaced [not-renewable]',
          'pki/front-proxy-client.crt: where its certificate belongs is a directory, which is never replaced [not-renewable]',
        ])
          expect(stderr).toContain(sentence);
        expect(stderr.match(/not-renewable/g)).toHaveLength(4);
      }
      expect(treeOf(join(cwd, 'store'))).toEqual(before);
      const keeping = ['certs', 'renew', 'etcd-peer', '--keep-key', ...ALL.slice(3)];
      expect(await run(shape, keeping, { cwd })).toMatchObject({ status: 0 });
    });
  }, 60_000);

  test('leaves out what lies behind a link to a directory, and does the rest, as recover does', async () => {
    await withPki(async (cwd) => {
      renameSync(join(cwd, 'out/pki/etcd'), join(cwd, 'etcd'));
      symlinkSync(join(cwd, 'etcd'), join(cwd, 'out/pki/etcd'));
      const before = treeOf(join(cwd, 'etcd'));
      for (const command of [ALL, 'recover --cert-dir out/pki'.split(' ')]) {
        const { status, stdout, stderr } = await run(shape, command, { cwd });
        expect(status).toBe(1);
        const behind = `is behind the symbolic link ${cwd}/out/pki/etcd, which is never followed [not-renewable]`;
        for (const path of ['server', 'peer', 'healthcheck-client'])
          expect(stderr).toContain(`out/pki/etcd/${path}.crt: where its certificate belongs ${behind}`);
        expect(stderr.match(/not-renewable/g)).toHaveLength(3);
        expect(stdout).toMatch(/^renew +apiserver-etcd-client /m);
      }
      expect(treeOf(join(cwd, 'etcd'))).toEqual(before);
    });
  }, 60_000);

  test('trusts in kubeconfigs every CA of the file, and leaves what others have put there', async () => {
    await withPki(async (cwd) => {
      const second = [
        'req',
        '-x509',
        '-newkey',
        'ed25519',
        '-nodes',
        '-keyout',
        '/dev/null',
        '-subj',
        '/CN=next',
      ];
      appendFileSync(join(cwd, 'out/pki/ca.crt'), openssl(cwd, ...second));
      const admin = join(cwd, 'out/admin.conf');
      const foreign = readFileSync(admin, 'utf8')
        .replace(
          'contexts:\n',
          'contexts:\n# of the other site\n- name: east\n  context: {cluster: east, user: bob}\n',
        )
        .replace(/^/, '# do not edit\n');
      writeFileSync(admin, foreign);
      const { status } = await run(shape, [...ALL.slice(0, 2), 'admin.conf', ...ALL.slice(3)], { cwd });
      expect(status).toBe(0);
      const renewed = readFileSync(admin, 'utf8');
      const isOther = (line: string, index: number): boolean => line !== foreign.split('\n')[index];
      const fields = renewed
        .split('\n')
        .filter(isOther)
        .map((line) => line.trim().split(':')[0]);
      expect(fields).toEqual(['certificate-authority-data', 'client-certificate-data', 'client-key-data']);
      const [, trust = ''] = /certificate-authority-data: (\S+)/.exec(renewed) ?? [];
      expect(Buffer.from(trust, 'base64').toString()).toBe(readFileSync(join(cwd, 'out/pki/ca.crt'), 'utf8'));
    });
  }, 60_000);
});

oracle(
  'root',
  process.getuid?.() === 0,
  'the tests do not run as root',
)('what a group was given', () => {
  const GROUP = 65_534;

  test.each(SHAPES.map((shape) => [shape.name, shape] as const))(
    'of keys and kubeconfigs stays with it on %s, and nothing that was not given to it alone',
    async (_, shape) => {
      await withPki(async (cwd) => {
        const modes = (): readonly string[] =>
          [
            'pki/etcd/peer.key',
            'admin.conf',
            'scheduler.conf',
            'controller-manager.conf',
            'pki/etcd/peer.crt',
          ].map((path) => {
            const { mode, gid } = statSync(join(cwd, 'out', path));
            return `${(mode & 0o7777).toString(8)} ${gid}`;
          });
        const give = (path: string, mode: number, gid: number): void => {
          chownSync(join(cwd, 'out', path), 0, gid);
          chmodSync(join(cwd, 'out', path), mode);
        };
        give('pki/etcd/peer.key', 0o640, GROUP);
        give('admin.conf', 0o660, GROUP);
        give('scheduler.conf', 0o644, GROUP);
        give('controller-manager.conf', 0o640, 0);
        give('pki/etcd/peer.crt', 0o664, GROUP);
        const given = modes();
        const renewed = ['640 65534', '640 65534', '600 65534', '600 0', '644 65534'];
        expect(await run(shape, ALL, { cwd })).toMatchObject({ status: 0 });
        expect(modes()).toEqual(renewed);
        expect(await run(shape, ['rollback', '--cert-dir', 'out/pki'], { cwd })).toMatchObject({ status: 0 });
        expect(modes()).toEqual(given);
      });
    },
  );
});

kubectlOracle('kubectl', () => {
  test('reads every kubeconfig that was renewed', async () => {
    await withPki(async (cwd) => {
      await run(NODE, [...ALL, 'kubelet.conf'], { cwd });
      for (const name of ['admin.conf', 'kubelet.conf', 'controller-manager.conf', 'scheduler.conf']) {
        const view = kubectl([
          '--kubeconfig',
          join(cwd, 'out', name),
          'config',
          'view',
          '--raw',
          '-o',
          'json',
        ]);
        const config = JSON.parse(view);
        const pem = Buffer.from(config.users[0].user['client-certificate-data'], 'base64').toString();
        writeFileSync(join(cwd, 'client.crt'), pem);
        const verify = ['verify', '-purpose', 'sslclient', '-CAfile', 'out/pki/ca.crt', 'client.crt'];
        expect(openssl(cwd, ...verify)).toBe('client.crt: OK\n');
      }
    });
  }, 60_000);
});

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('a renewal that is killed', () => {
  const RENAMES = 'rename,renameat,renameat2';
  // Two locks are taken by rename, then it commits, then puts in place 19 files of the snapshot and 17 of the PKI.
  const MOMENTS = [
    ['the commit', 3, 0],
    ['the first file of the snapshot', 4, 17],
    ['the first file that is replaced', 23, 17],
    ['a file in the middle', 30, 17],
    ['the last file', 39, 17],
  ] as const;

  test.each(SHAPES.flatMap((shape) => MOMENTS.map((moment) => [shape.name, ...moment, shape] as const)))(
    'on %s at %s has renewed nothing or, once the next run is through, everything',
    async (_, __, count, replaced, shape) => {
      await withPki(async (cwd) => {
        const inject = `inject=${RENAMES}:signal=KILL:when=${count}`;
        const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${RENAMES}`, '-e', inject];
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const strace = ['/usr/bin/env', 'strace', ...trace];
        const killed = await endOf(start([...strace, ...shape.command, ...ALL], { cwd, env }));
        expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });

        const again = [...ALL, '--if-expiring', '1d', '--hook', '/bin/cat >told'];
        const next = await run(shape, again, { cwd });
        expect(next).toMatchObject({
          status: 0,
          stdout: expect.stringMatching(/^nothing to do: nothing is due\n/),
        });
        expect(next.stderr).toContain(replaced === 0 ? 'took back what it had begun' : 'finished what it');
        // What has to be done afterwards is told by whoever finishes it, and once.
        expect(existsSync(join(cwd, 'told'))).toBe(replaced > 0);
        expect(next.stdout.match(/^kube-scheduler: restart it: /gm) ?? []).toHaveLength(replaced > 0 ? 1 : 0);
        const quiet = await run(shape, again, { cwd });
        expect(quiet).toMatchObject({ status: 0, stdout: 'nothing to do: nothing is due\n', stderr: '' });
        expect(changedIn(cwd)).toHaveLength(replaced);
        expect(await run(shape, ['verify', 'out'], { cwd })).toMatchObject({ status: 0 });
        const list = ['rollback', '--list', '--cert-dir', 'out/pki'];
        const { stdout } = await run(shape, list, { cwd });
        expect(stdout.match(/certs renew {2}17/g) ?? []).toHaveLength(replaced === 0 ? 0 : 1);
        if (replaced === 0) return;
        expect(await run(shape, ['rollback', '--cert-dir', 'out/pki'], { cwd })).toMatchObject({ status: 0 });
        expect(changedIn(cwd)).toEqual([]);
      });
    },
    60_000,
  );
});
