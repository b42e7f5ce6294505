import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { kubectl, kubectlOracle } from '../interop/kubectl-run.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, endOf, NODE, run, type Shape, SHAPES, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const wordsOf = (line: string): readonly string[] => line.split(' ');
const HOST = wordsOf('--host-ip 192.0.2.10 --hostname cp1');
const INTO = wordsOf('certs import --cert-dir out/pki');
const NAMED = ['ca', 'etcd-ca', 'front-proxy-ca'].flatMap((id) => [
  '--ca',
  `${id}=ca/pki/${id === 'etcd-ca' ? 'etcd/ca' : id}.crt`,
]);

/** The files below a directory, by their paths in it. */
function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1))
    .toSorted();
}

function mustRun(cwd: string, command: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', input });
  expect({ args, status, stderr: status === 0 ? '' : stderr }).toEqual({ args, status: 0, stderr: '' });
  return stdout;
}

/** Makes CAs alone in `ca`. */
async function makeAuthorities(cwd: string, ...more: readonly string[]): Promise<void> {
  const init = wordsOf(
    'init --host-ip 192.0.2.99 --hostname authority --cert-dir ca/pki --key-algorithm ECDSA-P256',
  );
  expect(await run(NODE, [...init, ...more], { cwd })).toMatchObject({ status: 0 });
  for (const path of filesIn(join(cwd, 'ca')))
    if (!/ca(?:-chain)?\.(?:crt|key)$/.test(path)) rmSync(join(cwd, 'ca', path));
}

/** Works in a folder with requests in `out`, CAs in `ca`, and what they signed in `signed`. */
async function withSigned(
  more: readonly string[],
  work: (cwd: string) => Promise<void>,
  authorities: readonly string[] = [],
): Promise<void> {
  await withDirectory(async (cwd) => {
    await makeAuthorities(cwd, ...authorities);
    const asked = ['--cert-dir', 'out/pki', ...HOST, ...more];
    expect(await run(NODE, ['certs', 'generate-csr', ...asked], { cwd })).toMatchObject({ status: 0 });
    const sign = ['certs', 'sign', 'out', '--output-dir', 'signed', '--cert-dir', 'ca/pki', ...HOST, ...more];
    expect(await run(NODE, sign, { cwd })).toMatchObject({ status: 0, stderr: '' });
    await work(cwd);
  });
}

/** Has `init` make what needs no CA, and holds that there is nothing else to do then. */
async function expectComplete(shape: Shape, cwd: string, ...more: readonly string[]): Promise<void> {
  const init = ['init', '--cert-dir', 'out/pki', ...HOST, ...more];
  expect(await run(shape, init, { cwd })).toMatchObject({ status: 0 });
  expect((await run(shape, init, { cwd })).stdout).toContain('nothing to do: all');
  const status = ['certs', 'status', '--cert-dir', 'out/pki'];
  expect((await run(shape, status, { cwd })).stdout).toMatch(/all \d+ are there and as they should be/);
  const audit = await run(shape, ['verify', 'out'], { cwd });
  expect(audit.stdout).not.toMatch(/^(?:error|warning)/m);
}

describe.each(SHAPES)('an external CA on $name', (shape) => {
  test('has what is good installed, tells of each other why not, and ends with 1', async () => {
    await withSigned(['--key-algorithm', 'ECDSA-P256'], async (cwd) => {
      const signed = join(cwd, 'signed/pki');
      // For the key of the one, the certificate of the other; and one of which a bit is wrong.
      const other = ['x509', '-in', 'etcd/peer.crt', '-noout', '-pubkey'];
      writeFileSync(join(signed, 'peer.pub'), mustRun(signed, 'openssl', other));
      const forged =
        '-new -force_pubkey peer.pub -subj /CN=kube-etcd -CA ../../ca/pki/etcd/ca.crt -CAkey ../../ca/pki/etcd/ca.key';
      mustRun(signed, 'openssl', ['x509', ...wordsOf(forged), '-out', 'etcd/peer.crt']);
      const before = treeOf(join(cwd, 'out'));
      expect((await run(shape, [...INTO, 'signed', ...NAMED, '--dry-run'], { cwd })).status).toBe(1);
      expect(treeOf(join(cwd, 'out'))).toEqual(before);
      const { status, stdout, stderr } = await run(shape, [...INTO, 'signed', ...NAMED, '-o', 'json'], {
        cwd,
      });
      expect(status).toBe(1);
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ schema: 'k8s-pki/import/v1', outcome: 'imported', isPartial: true });
      const refused = report.certificates.filter(
        ({ outcome }: { outcome: string }) => outcome !== 'installed',
      );
      expect(refused).toMatchObject([{ outcome: 'refused', row: 'etcd-peer' }]);
      expect(stderr).toContain('out/pki/etcd/peer.crt: has another common name [common-name]');
      expect(filesIn(join(cwd, 'out/pki'))).not.toContain('etcd/peer.crt');
      expect(filesIn(join(cwd, 'out/pki'))).toContain('etcd/server.crt');
      expect((await run(shape, ['certs', 'status', '--cert-dir', 'out/pki'], { cwd })).stdout).toMatch(
        /^asked +etcd-peer +yes +yes +MISSING/m,
      );
    });
  }, 60_000);

  test('under one root gives what serves its intermediate, and kubeconfigs the whole chain', async () => {
    const root = ['--root-ca', '--key-algorithm', 'ECDSA-P256'];
    await withSigned(
      root,
      async (cwd) => {
        const named = [...NAMED, '--ca', 'root-ca=ca/pki/root-ca.crt', '--root-ca'];
        expect(await run(shape, [...INTO, 'signed', ...named], { cwd })).toMatchObject({ status: 0 });
        const served = readFileSync(join(cwd, 'out/pki/apiserver.crt'), 'utf8');
        expect(served.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
        expect(served.endsWith(readFileSync(join(cwd, 'ca/pki/ca.crt'), 'utf8'))).toBe(true);
        await expectComplete(shape, cwd, ...root);
        expect(filesIn(join(cwd, 'out')).filter((path) => path.endsWith('ca.key'))).toEqual([]);
      },
      ['--root-ca'],
    );
  }, 60_000);
});

describe.each(['RSA-2048', 'ECDSA-P521', 'Ed25519'])('an external CA and keys of %s', (algorithm) => {
  test('make a complete PKI', async () => {
    await withSigned(['--key-algorithm', algorithm, '--node', 'w1', '--node', 'w2'], async (cwd) => {
      expect(await run(NODE, [...INTO, 'signed', ...NAMED], { cwd })).toMatchObject({
        status: 0,
        stderr: '',
      });
      await expectComplete(NODE, cwd, '--key-algorithm', algorithm);
    });
  }, 60_000);
});

test('a request is written anew for a key that others may not read meanwhile, whatever the umask', async () => {
  await withDirectory(async (cwd) => {
    const asked = wordsOf('certs generate-csr --cert-dir out/pki --key-algorithm ECDSA-P256');
    expect(await run(NODE, [...asked, ...HOST], { cwd, umask: '000' })).toMatchObject({ status: 0 });
    const modes = treeOf(join(cwd, 'out')).filter((line) => /\.(?:key|conf|csr)/.test(line));
    expect(modes.filter((line) => !line.includes('600'))).toEqual([]);
  });
});

test('a kubeconfig keeps what others have put there', async () => {
  await withSigned(['--key-algorithm', 'ECDSA-P256'], async (cwd) => {
    const admin = join(cwd, 'out/admin.conf');
    const foreign = readFileSync(admin, 'utf8').replace(
      'contexts:\n',
      'contexts:\n# of the other site\n- name: east\n  context: {cluster: east, user: bob}\n',
    );
    writeFileSync(admin, foreign);
    expect(await run(NODE, [...INTO, 'signed/admin.conf.crt', ...NAMED], { cwd })).toMatchObject({
      status: 0,
    });
    const lines = readFileSync(admin, 'utf8').split('\n');
    const added = lines.filter((line) => !foreign.split('\n').includes(line));
    expect(added.map((line) => line.trim().split(':')[0])).toEqual([
      'certificate-authority-data',
      'client-certificate-data',
    ]);
    expect(lines.filter((line) => !added.includes(line)).join('\n')).toBe(foreign);
  });
}, 60_000);

const GOLDEN = resolve(__dirname, '../../fixtures/requests');

describe.each(readdirSync(GOLDEN))('the requests of %s', (name) => {
  const version = name.replace('kubeadm-', '');
  const rules = ['--profile', 'kubeadm', '--kubernetes-version', version];

  /** Lays out what kubeadm made; git keeps no modes. */
  function layOut(cwd: string): void {
    cpSync(join(GOLDEN, name), join(cwd, 'out'), { recursive: true });
    for (const path of filesIn(join(cwd, 'out'))) chmodSync(join(cwd, 'out', path), 0o600);
  }

  test('are those that are made here: the same files, subjects, names and kinds of key', async () => {
    await withDirectory(async (cwd) => {
      layOut(cwd);
      const asked = ['certs', 'generate-csr', ...HOST, ...rules];
      expect(await run(NODE, [...asked, '--cert-dir', 'ours/pki'], { cwd })).toMatchObject({ status: 0 });
      expect(filesIn(join(cwd, 'ours'))).toEqual(filesIn(join(cwd, 'out')));
      const said = (path: string): string => {
        const text = mustRun(cwd, 'openssl', ['req', '-in', path, '-noout', '-text']);
        const [names = ''] = /DNS:.*/.exec(text) ?? [];
        return [/Subject: .*/.exec(text), /Public-Key: .*/.exec(text), names].join('\n');
      };
      for (const path of filesIn(join(cwd, 'out')).filter((one) => one.endsWith('.csr')))
        expect(said(join('ours', path))).toBe(said(join('out', path)));
      for (const path of filesIn(join(cwd, 'out')).filter((one) => one.endsWith('.conf'))) {
        const text = (tree: string): string =>
          readFileSync(join(cwd, tree, path), 'utf8').replace(/client-key-data: .*/, '');
        expect(text('ours')).toBe(text('out'));
      }
      // And there is nothing to do where kubeadm was.
      const again = await run(NODE, [...asked, '--cert-dir', 'out/pki'], { cwd });
      expect(again.stdout).toContain('nothing to do: all');
    });
  }, 60_000);

  test('are signed and installed', async () => {
    await withDirectory(async (cwd) => {
      layOut(cwd);
      await makeAuthorities(cwd);
      const sign = [
        'certs',
        'sign',
        'out',
        '--output-dir',
        'signed',
        '--cert-dir',
        'ca/pki',
        ...HOST,
        ...rules,
      ];
      expect(await run(NODE, sign, { cwd })).toMatchObject({ status: 0, stderr: '' });
      expect(await run(NODE, [...INTO, 'signed', ...NAMED], { cwd })).toMatchObject({
        status: 0,
        stderr: '',
      });
      await expectComplete(NODE, cwd, ...rules);
    });
  }, 60_000);
});

oracle(
  'cfssl',
  isOnPath('cfssl'),
  'cfssl is not on the PATH',
)('cfssl', () => {
  test('signs every request, and what it signs is installed', async () => {
    await withSigned(['--key-algorithm', 'ECDSA-P256'], async (cwd) => {
      mkdirSync(join(cwd, 'by-cfssl'));
      const config = {
        signing: {
          default: {
            expiry: '8760h',
            usages: ['signing', 'digital signature', 'server auth', 'client auth'],
          },
        },
      };
      const only = (usage: string) => ({
        signing: { default: { expiry: '8760h', usages: ['digital signature', usage] } },
      });
      writeFileSync(join(cwd, 'both.json'), JSON.stringify(config));
      writeFileSync(join(cwd, 'client.json'), JSON.stringify(only('client auth')));
      writeFileSync(join(cwd, 'server.json'), JSON.stringify(only('server auth')));
      for (const path of filesIn(join(cwd, 'out')).filter((one) => one.endsWith('.csr'))) {
        const ca = /etcd/.test(path) ? 'etcd/ca' : /front-proxy/.test(path) ? 'front-proxy-ca' : 'ca';
        const uses = /etcd\/(?:server|peer)/.test(path)
          ? 'both'
          : path.endsWith('apiserver.csr')
            ? 'server'
            : 'client';
        const args = ['-ca', `ca/pki/${ca}.crt`, '-ca-key', `ca/pki/${ca}.key`, '-config', `${uses}.json`];
        const output = mustRun(cwd, 'cfssl', ['sign', '-loglevel=4', ...args, join('out', path)]);
        writeFileSync(join(cwd, 'by-cfssl', `${basename(path)}.pem`), JSON.parse(output).cert);
      }
      const { status, stdout } = await run(NODE, [...INTO, 'by-cfssl', ...NAMED], { cwd });
      expect({ status, stdout }).toMatchObject({ status: 0 });
      await expectComplete(NODE, cwd, '--key-algorithm', 'ECDSA-P256');
    });
  }, 60_000);
});

kubectlOracle('kubectl', () => {
  test('reads kubeconfigs before and after their certificates are there', async () => {
    await withSigned(['--key-algorithm', 'ECDSA-P256'], async (cwd) => {
      const view = (name: string): { users: readonly { user: object }[] } =>
        JSON.parse(
          kubectl(['--kubeconfig', join(cwd, 'out', name), 'config', 'view', '--raw', '-o', 'json']),
        );
      expect(Object.keys(view('admin.conf').users[0]?.user ?? {})).toEqual(['client-key-data']);
      await run(NODE, [...INTO, 'signed', ...NAMED], { cwd });
      for (const name of ['admin.conf', 'kubelet.conf', 'controller-manager.conf', 'scheduler.conf'])
        expect(Object.keys(view(name).users[0]?.user ?? {})).toEqual([
          'client-certificate-data',
          'client-key-data',
        ]);
    });
  }, 60_000);
});

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('an import that is killed', () => {
  const RENAMES = 'rename,renameat,renameat2';
  // Two locks are taken by rename, then it commits, then puts in place 5 files of the snapshot, and 14 and 4 of the PKI.
  const MOMENTS = [
    ['the commit', 3, false],
    ['the first file of the snapshot', 4, true],
    ['a file in the middle', 12, true],
    ['the last file', 21, true],
  ] as const;

  test.each(SHAPES.flatMap((shape) => MOMENTS.map((moment) => [shape.name, ...moment, shape] as const)))(
    'on %s at %s has installed nothing or, once the next run is through, everything',
    async (_, __, count, isDone, shape) => {
      await withSigned(['--key-algorithm', 'ECDSA-P256'], async (cwd) => {
        const before = treeOf(join(cwd, 'out'));
        const inject = `inject=${RENAMES}:signal=KILL:when=${count}`;
        const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${RENAMES}`, '-e', inject];
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const command = ['/usr/bin/env', 'strace', ...trace, ...shape.command, ...INTO, 'signed', ...NAMED];
        expect(await endOf(start(command, { cwd, env }))).toMatchObject({ signal: 'SIGKILL', stdout: '' });

        // The next run that writes, which has nothing to write itself.
        const asked = ['certs', 'generate-csr', '--cert-dir', 'out/pki', ...HOST];
        const next = await run(shape, asked, { cwd });
        expect(next.stderr).toContain(isDone ? 'finished what it had begun' : 'took back what it had begun');
        if (isDone) await expectComplete(shape, cwd, '--key-algorithm', 'ECDSA-P256');
        else expect(treeOf(join(cwd, 'out'))).toEqual(before);
      });
    },
    60_000,
  );
});
