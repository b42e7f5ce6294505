import { describe, expect, test } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { generateClusterPki, writeClusterPki } from '../../src/index.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, type Ended, endOf, run, SHAPES, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';
import { changedIn, openssl } from './two-trees.ts';

const RECOVER = 'recover --cert-dir out/pki'.split(' ');
const NODES = [...RECOVER, ...'--node worker1 --node worker2 --output-dir nodes'.split(' ')];
const OPTIONS = {
  hostIp: '192.0.2.10',
  hostname: 'cp1',
  keyAlgorithm: 'ECDSA-P256',
  apiserverCertExtraSans: 'api.example.com',
  serviceCidr: '10.97.0.0/16',
} as const;

type Options = Parameters<typeof generateClusterPki>[0];

const yearsAgo = (years: number): Date => new Date(Date.now() - years * 365 * 86_400_000);

/** Works in a folder that holds in `out` the PKI of a cluster that was off for longer than its certificates, and the same in `good`. */
function withExpired(work: (cwd: string) => Promise<void>, options: Options = {}): Promise<void> {
  return withDirectory(async (cwd) => {
    const { files } = await generateClusterPki({ ...OPTIONS, now: yearsAgo(2), ...options });
    await writeClusterPki({ files }, join(cwd, 'out/pki'));
    await writeClusterPki({ files }, join(cwd, 'good/pki'));
    await work(cwd);
  });
}

const read = (cwd: string, path: string): string => readFileSync(join(cwd, path), 'utf8');

const LEAVES = [
  ['pki/apiserver', 'pki/ca', 'sslserver'],
  ['pki/apiserver-kubelet-client', 'pki/ca', 'sslclient'],
  ['pki/front-proxy-client', 'pki/front-proxy-ca', 'sslclient'],
  ['pki/etcd/server', 'pki/etcd/ca', 'sslserver'],
  ['pki/etcd/peer', 'pki/etcd/ca', 'sslserver'],
  ['pki/etcd/healthcheck-client', 'pki/etcd/ca', 'sslclient'],
  ['pki/apiserver-etcd-client', 'pki/etcd/ca', 'sslclient'],
] as const;
const KUBECONFIGS = ['admin.conf', 'kubelet.conf', 'controller-manager.conf', 'scheduler.conf'];

interface Client {
  readonly server: string;
  readonly names: readonly string[];
  readonly certificate: X509Certificate;
}

/** What a kubeconfig says, once openssl has verified its certificate and its key is that of it. */
function clientOf(cwd: string, path: string): Client {
  const config = parse(read(cwd, path));
  const [{ cluster, name }] = config.clusters;
  const [{ user, name: userName }] = config.users;
  const textOf = (data: string): string => Buffer.from(data, 'base64').toString();
  const pem = textOf(user['client-certificate-data']);
  writeFileSync(join(cwd, 'client.crt'), pem);
  writeFileSync(join(cwd, 'trust.crt'), textOf(cluster['certificate-authority-data']));
  const verify = ['verify', '-purpose', 'sslclient', '-CAfile', 'trust.crt', 'client.crt'];
  expect(openssl(cwd, ...verify)).toBe('client.crt: OK\n');
  const certificate = new X509Certificate(pem);
  expect(certificate.checkPrivateKey(createPrivateKey(textOf(user['client-key-data'])))).toBe(true);
  return { server: cluster.server, names: [name, userName, config['current-context']], certificate };
}

/** That everything in `out` is what it was in `good`, and valid. */
function expectAlive(cwd: string): void {
  for (const [leaf, ca, purpose] of LEAVES) {
    const path = `out/${leaf}.crt`;
    const verify = ['verify', '-purpose', purpose, '-CAfile', `out/${ca}.crt`, path];
    expect(openssl(cwd, ...verify)).toBe(`${path}: OK\n`);
    const [old, young] = ['good', 'out'].map((tree) => new X509Certificate(read(cwd, `${tree}/${leaf}.crt`)));
    expect(young?.subject).toBe(old?.subject);
    expect(young?.subjectAltName).toBe(old?.subjectAltName);
    expect(young?.checkPrivateKey(createPrivateKey(read(cwd, `out/${leaf}.key`)))).toBe(true);
    expect(young?.publicKey.equals(Object(old?.publicKey))).toBe(false);
  }
  for (const name of KUBECONFIGS) {
    const { server, certificate } = clientOf(cwd, `out/${name}`);
    const before = parse(read(cwd, `good/${name}`));
    const data: string = before.users[0].user['client-certificate-data'];
    expect(server).toBe(before.clusters[0].cluster.server);
    expect(certificate.subject).toBe(new X509Certificate(Buffer.from(data, 'base64')).subject);
  }
  const kept = /(?:ca\.(?:crt|key)|sa\.(?:pub|key))$/;
  expect(changedIn(cwd).filter((path) => kept.test(path))).toEqual([]);
}

describe.each(SHAPES)('recover on $name', (shape) => {
  test('makes everything again on a cluster that was off for longer than its certificates, and what its nodes need', async () => {
    await withExpired(async (cwd) => {
      expect(await run(shape, ['verify', 'out'], { cwd })).toMatchObject({ status: 1 });
      const before = treeOf(cwd);
      const planned = await run(shape, [...NODES, '--dry-run'], { cwd });
      expect(planned).toMatchObject({ status: 0, stderr: '' });
      expect(planned.stdout).toContain('13 certificates would be made again; nothing was changed');
      expect(treeOf(cwd)).toEqual(before);

      const { status, stdout, stderr } = await run(shape, NODES, { cwd });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('13 certificates made again; what was there before is in ');
      expectAlive(cwd);
      for (const name of ['worker1', 'worker2']) {
        const path = `nodes/${name}/kubelet.conf`;
        const { certificate, ...rest } = clientOf(cwd, path);
        expect(certificate.subject).toBe(`O=system:nodes\nCN=system:node:${name}`);
        const own = clientOf(cwd, 'out/kubelet.conf');
        expect(rest).toEqual({ server: own.server, names: own.names });
        expect(stdout).toContain(`then, on ${name}:
  put ${join(cwd, path)} there as /etc/kubernetes/kubelet.conf, owned by root, mode 0600
  restart its kubelet: it reads the credential of a kubeconfig once, when it starts (client-go)
  once the node is ready, remove ${join(cwd, path)}: whoever has it is that node`);
        expect(lstatSync(join(cwd, path)).mode & 0o777).toBe(0o600);
        expect(lstatSync(join(cwd, 'nodes', name)).mode & 0o777).toBe(0o700);
      }
      expect(lstatSync(join(cwd, 'nodes')).mode & 0o777).toBe(0o700);
      const audit = await run(shape, ['verify', 'out'], { cwd });
      expect(audit).toMatchObject({ status: 0, stdout: expect.stringMatching(/^no findings$/m) });

      const list = await run(shape, ['rollback', '--list', '--cert-dir', 'out/pki'], { cwd });
      expect(list.stdout).toMatch(/^\S+Z {2}recover {2}18$/m);
      expect(await run(shape, ['rollback', '--cert-dir', 'out/pki'], { cwd })).toMatchObject({ status: 0 });
      expect(changedIn(cwd)).toEqual([]);
    });
  });

  test('makes from a specification what is gone, where no file says what it was', async () => {
    await withExpired(async (cwd) => {
      for (const [leaf] of LEAVES) for (const end of ['crt', 'key']) rmSync(join(cwd, `out/${leaf}.${end}`));
      for (const name of KUBECONFIGS) rmSync(join(cwd, 'out', name));
      const before = treeOf(cwd);
      // A name that was made up is none to issue.
      const unsaid = await run(shape, NODES, { cwd });
      expect(unsaid.status).toBe(1);
      for (const sentence of [
        'out/pki/apiserver.crt: has to be made from nothing, and no file says --hostname and --service-cidr and --host-ip and --service-dns-domain [not-renewable]',
        'remedy:   give --hostname and --service-cidr and --host-ip and --service-dns-domain, or --config',
        'out/admin.conf: has to be made from nothing, and no file says --host-ip [not-renewable]',
        'nodes/worker1/kubelet.conf: has to be made from nothing, and no file says --host-ip',
      ])
        expect(unsaid.stderr).toContain(sentence);
      expect(treeOf(cwd).filter((line) => before.includes(line))).toEqual(before);
      expect(existsSync(join(cwd, 'out/pki/apiserver.crt'))).toBe(false);
      // Whatever needs no name is there already.
      expect(new X509Certificate(read(cwd, 'out/pki/front-proxy-client.crt')).subject).toBe(
        'CN=front-proxy-client',
      );

      const flags =
        '--host-ip 192.0.2.10 --hostname cp1 --service-cidr 10.97.0.0/16 --key-algorithm ECDSA-P256';
      const more = '--apiserver-cert-extra-sans api.example.com';
      const { status } = await run(shape, [...NODES, ...`${flags} ${more}`.split(' ')], { cwd });
      expect(status).toBe(0);
      expectAlive(cwd);
      expect(existsSync(join(cwd, 'nodes/worker2/kubelet.conf'))).toBe(true);
    });
  });

  test('does not take a profile for a specification', async () => {
    await withExpired(async (cwd) => {
      for (const end of ['crt', 'key']) rmSync(join(cwd, `out/pki/apiserver.${end}`));
      const { status, stderr } = await run(shape, [...RECOVER, '--profile', 'requirements'], { cwd });
      expect(status).toBe(1);
      expect(stderr).toContain(
        'apiserver.crt: has to be made from nothing, and no file says --service-cidr and --service-dns-domain [not-renewable]',
      );
    });
  });

  test('infers what is gone from what is there', async () => {
    await withExpired(
      async (cwd) => {
        for (const path of ['pki/etcd/server.crt', 'pki/etcd/server.key', 'scheduler.conf', 'kubelet.conf'])
          rmSync(join(cwd, 'out', path));
        rmSync(join(cwd, 'out/pki/apiserver-etcd-client.key'));
        const { status, stdout } = await run(shape, [...NODES, '-o', 'json'], { cwd });
        expect(status).toBe(0);
        const { rows, nodes, ...report } = JSON.parse(stdout);
        expect(report).toMatchObject({
          schema: 'k8s-pki/recover/v1',
          outcome: 'recovered',
          isPartial: false,
        });
        const created = rows.filter(({ action }: { action: string }) => action === 'create');
        expect(created.map(({ id }: { id: string }) => id)).toEqual([
          'etcd-server',
          'kubelet.conf',
          'scheduler.conf',
          'worker1/kubelet.conf',
          'worker2/kubelet.conf',
        ]);
        expect(nodes.map(({ name }: { name: string }) => name)).toEqual(['worker1', 'worker2']);
        expectAlive(cwd);
        // Nodes reach the whole control plane.
        expect(clientOf(cwd, 'nodes/worker1/kubelet.conf').server).toBe('https://lb.example.com:6443');
        const { steps } = report.reload;
        expect(steps.map(({ component }: { component: string }) => component)).toContain('kube-scheduler');
      },
      { controlPlaneEndpoint: 'lb.example.com:6443' },
    );
  });

  test('writes a kubeconfig anew that names its certificate by file, with the names and the server that it has', async () => {
    await withExpired(async (cwd) => {
      const path = join(cwd, 'out/kubelet.conf');
      const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
      const rotated = read(cwd, 'out/kubelet.conf')
        .replace(/client-certificate-data: .*/, `client-certificate: ${pem}`)
        .replace(/client-key-data: .*/, `client-key: ${pem}`)
        .replace(/server: .*/, 'server: https://10.0.0.1:8443')
        .replaceAll('default-auth', 'default-user');
      writeFileSync(path, rotated);
      const { status } = await run(shape, RECOVER, { cwd });
      expect(status).toBe(0);
      const { server, names, certificate } = clientOf(cwd, 'out/kubelet.conf');
      expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:cp1');
      expect([server, ...names]).toEqual([
        'https://10.0.0.1:8443',
        'default-cluster',
        'default-user',
        'default-system',
      ]);
      await run(shape, ['rollback', '--cert-dir', 'out/pki'], { cwd });
      expect(read(cwd, 'out/kubelet.conf')).toBe(rotated);
    });
  });

  test('refuses what an expired CA would sign, says why and what to do, and does the rest', async () => {
    await withExpired(async (cwd) => {
      const pki = join(cwd, 'out/pki');
      const old = ['x509', '-in', 'front-proxy-ca.crt', '-signkey', 'front-proxy-ca.key', '-days', '-1'];
      writeFileSync(join(pki, 'front-proxy-ca.crt'), openssl(pki, ...old));
      rmSync(join(pki, 'etcd/ca.key'));
      const { status, stdout, stderr } = await run(shape, RECOVER, { cwd });
      expect(status).toBe(1);
      expect(stdout).toContain(
        '6 certificates made again; 5 could not be made; what was there before is in ',
      );
      for (const sentence of [
        'its CA, front-proxy-ca, cannot sign: pki/front-proxy-ca.crt has expired [not-renewable]',
        'a CA that has expired has to be rotated',
        'its CA, etcd-ca, is external: the key is not here [not-renewable]',
      ])
        expect(stderr).toContain(sentence);
    });
  });

  test('takes what it is told, where that differs only once it is said which is meant', async () => {
    await withExpired(async (cwd) => {
      const other = [...RECOVER, '--host-ip', '192.0.2.11', '--service-cidr', '10.97.0.0/16'];
      const before = treeOf(cwd);
      const refused = await run(shape, other, { cwd });
      expect(refused).toMatchObject({ status: 3, stdout: '' });
      expect(refused.stderr).toContain('lacks IP:192.0.2.11 [subject-alternative-name-missing]');
      expect(treeOf(cwd)).toEqual(before);
      expect(await run(shape, [...other, '--from', 'certificate'], { cwd })).toMatchObject({ status: 0 });
      expectAlive(cwd);
      expect(await run(shape, [...other, '--from', 'spec'], { cwd })).toMatchObject({ status: 0 });
      const { subjectAltName } = new X509Certificate(read(cwd, 'out/pki/apiserver.crt'));
      expect(subjectAltName).toContain('IP Address:192.0.2.11');
      expect(subjectAltName).not.toContain('api.example.com');
    });
  });

  test('and certs renew leave a CA file of two certificates as it is, and trust both', async () => {
    await withExpired(
      async (cwd) => {
        const next = [
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
        // The one whose key is beside comes first, as for whatever else signs with the pair.
        const text = read(cwd, 'good/pki/ca.crt') + openssl(cwd, ...next);
        writeFileSync(join(cwd, 'out/pki/ca.crt'), text);
        for (const command of [RECOVER, ['certs', 'renew', 'all', '--cert-dir', 'out/pki']]) {
          expect(await run(shape, command, { cwd })).toMatchObject({ status: 0 });
          expect(read(cwd, 'out/pki/ca.crt')).toBe(text);
          const verify = ['verify', '-CAfile', 'good/pki/ca.crt', 'out/pki/apiserver.crt'];
          expect(openssl(cwd, ...verify)).toBe('out/pki/apiserver.crt: OK\n');
          for (const name of ['admin.conf', 'scheduler.conf']) {
            clientOf(cwd, `out/${name}`);
            expect(read(cwd, 'trust.crt')).toBe(text);
          }
        }
      },
      { now: new Date() },
    );
  });
});

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('a recovery that is killed', () => {
  const RENAMES = 'rename,renameat,renameat2';
  // Three locks are taken by rename, then it commits, then puts in place the snapshot and the PKI, 19 and 18 files, and 2 of nodes.
  const MOMENTS = [
    ['the commit', 4, false],
    ['the first file of the snapshot', 5, true],
    ['a file in the middle', 30, true],
    ['the last file', 44, true],
  ] as const;

  test.each(SHAPES.flatMap((shape) => MOMENTS.map((moment) => [shape.name, ...moment, shape] as const)))(
    'on %s at %s has made nothing or, once the next run is through, everything',
    async (_, __, count, isDone, shape) => {
      await withExpired(async (cwd) => {
        const inject = `inject=${RENAMES}:signal=KILL:when=${count}`;
        const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${RENAMES}`, '-e', inject];
        const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
        const strace = ['/usr/bin/env', 'strace', ...trace];
        const killed: Ended = await endOf(start([...strace, ...shape.command, ...NODES], { cwd, env }));
        expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });

        const next = await run(shape, 'certs renew all --if-expiring 1d --cert-dir out/pki'.split(' '), {
          cwd,
        });
        expect(next.status).toBe(0);
        expect(next.stderr).toContain(isDone ? 'finished what it had begun' : 'took back what it had begun');
        const nodes = ['worker1', 'worker2'].map((name) =>
          existsSync(join(cwd, 'nodes', name, 'kubelet.conf')),
        );
        expect(nodes).toEqual([isDone, isDone]);
        expect(treeOf(cwd).filter((line) => line.includes('.k8s-pki'))).toEqual([]);
        if (isDone)
          expect(next.stdout).toMatch(/^nothing to do: nothing is due\n[^]*^kubelet: restart it: /m);
        await run(shape, ['rollback', '--cert-dir', 'out/pki'], { cwd });
        expect(changedIn(cwd)).toEqual([]);
      });
    },
  );
});
