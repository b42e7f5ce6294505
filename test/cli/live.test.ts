import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type Server as PlainServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { freePorts, stop } from '../interop/etcd-member.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { opensslOracle } from '../x509/openssl.ts';
import { type Ended, NODE, run, type Shape, SHAPES } from './shapes.ts';
import { withDirectory } from './tree.ts';

const INIT = 'init --host-ip 127.0.0.1 --hostname localhost --key-algorithm ECDSA-P256 --cert-dir';
const SILENT = 'kube-apiserver etcd etcd-peer kubelet kube-controller-manager kube-scheduler'
  .split(' ')
  .map((name) => `${name}=127.0.0.1:1`);

let closers: (() => unknown)[] = [];
beforeEach(() => {
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
});

/** The port of the loopback on which a server listens until the test has ended. */
async function listen(server: PlainServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A TLS server on loopback, and what its clients sent it once they had shaken hands. */
async function serve(
  options: TlsOptions,
): Promise<{ readonly port: number; readonly sent: Buffer[]; readonly offered: unknown[] }> {
  const sent: Buffer[] = [];
  const offered: unknown[] = [];
  const server: Server = createServer(options, (socket) => {
    offered.push(socket.getPeerCertificate().raw);
    socket.on('data', (data) => sent.push(data)).on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  return { port: await listen(server), sent, offered };
}

const pairOf = (cwd: string, folder: string, name: string): TlsOptions => ({
  cert: readFileSync(join(cwd, folder, `pki/${name}.crt`)),
  key: readFileSync(join(cwd, folder, `pki/${name}.key`)),
});

/** Audits `out` live; every listener that is not named is one where nobody answers. */
async function verify(
  shape: Shape,
  cwd: string,
  addresses: readonly string[],
  more: readonly string[] = [],
): Promise<Ended> {
  const named = addresses.map((address) => address.replace(/=.*/, ''));
  const all = [...addresses, ...SILENT.filter((address) => !named.includes(address.replace(/=.*/, '')))];
  const flags = all.flatMap((address) => ['--live-address', address]);
  return run(shape, ['verify', 'out', '--live', ...flags, ...more], { cwd });
}

describe.each(SHAPES)('$name', (shape) => {
  test('finds nothing where what is shown is what is on disk, and sends no credential and no word', async () => {
    await withDirectory(async (cwd) => {
      await run(shape, [...INIT.split(' '), 'out/pki'], { cwd });
      const listeners = await Promise.all(
        [
          ['kube-apiserver', 'apiserver'],
          ['etcd', 'etcd/server'],
          ['etcd-peer', 'etcd/peer'],
        ].map(async ([name = '', file = '']) => ({
          name,
          server: await serve({ ...pairOf(cwd, 'out', file), requestCert: true, rejectUnauthorized: false }),
        })),
      );
      const addresses = listeners.map(({ name, server }) => `${name}=127.0.0.1:${server.port}`);
      const { status, stdout } = await verify(shape, cwd, addresses);
      expect(stdout).not.toContain('error:');
      expect(stdout).toMatch(/^etcd-peer +127\.0\.0\.1:\d+ +20\d\d-/m);
      expect(stdout).toContain('kubelet://127.0.0.1:1: does not answer [listener-silent]');
      expect(status).toBe(0);
      for (const { server } of listeners) {
        expect(server.offered).toEqual([undefined]);
        expect(Buffer.concat(server.sent)).toHaveLength(0);
      }
    });
  });

  test('sees what was renewed and not loaded, also where a server lets nobody in without a certificate', async () => {
    await withDirectory(async (cwd) => {
      await run(shape, [...INIT.split(' '), 'out/pki'], { cwd });
      cpSync(join(cwd, 'out'), join(cwd, 'before'), { recursive: true });
      for (const file of ['apiserver.crt', 'apiserver.key', 'etcd/server.crt', 'etcd/server.key'])
        rmSync(join(cwd, 'out/pki', file));
      await run(shape, [...INIT.split(' '), 'out/pki', '--not-before-skew', '1m'], { cwd });
      const strict = { requestCert: true, rejectUnauthorized: true } as const;
      const apiserver = await serve(pairOf(cwd, 'before', 'apiserver'));
      const etcd = await serve({ ...pairOf(cwd, 'before', 'etcd/server'), ...strict, maxVersion: 'TLSv1.2' });
      const { status, stdout } = await verify(shape, cwd, [
        `kube-apiserver=127.0.0.1:${apiserver.port}`,
        `etcd=127.0.0.1:${etcd.port}`,
      ]);
      expect(stdout).toContain(
        `error: kube-apiserver://127.0.0.1:${apiserver.port}: still shows the certificate from before that on disk [served-differs]`,
      );
      expect(stdout).toContain(
        `error: etcd://127.0.0.1:${etcd.port}: still shows the certificate from before that on disk [served-differs]`,
      );
      expect(status).toBe(1);
    });
  });

  test('names every other thing that can be wrong with who answers', async () => {
    await withDirectory(async (cwd) => {
      await run(shape, [...INIT.split(' '), 'out/pki'], { cwd });
      await run(
        shape,
        'init --host-ip 192.0.2.9 --hostname other --key-algorithm ECDSA-P384 --cert-dir other/pki'.split(
          ' ',
        ),
        { cwd },
      );
      const stranger = await serve(pairOf(cwd, 'other', 'apiserver'));
      const plainPort = await listen(
        createPlainServer((socket) => socket.on('error', () => undefined).end('HTTP/1.0 400\r\n\r\n')),
      );
      const silentPort = await listen(createPlainServer(() => undefined));
      const { stdout, status } = await verify(
        shape,
        cwd,
        [
          `kube-apiserver=127.0.0.1:${stranger.port}`,
          `etcd=127.0.0.1:${plainPort}`,
          `etcd-peer=127.0.0.1:${silentPort}`,
        ],
        ['--live-timeout', '1s', '-o', 'json'],
      );
      const { findings, served } = JSON.parse(stdout);
      const codes = findings.map(
        ({ code, path }: { code: string; path: string }) => `${code} ${path.replace(/:\/\/.*/, '')}`,
      );
      expect(codes).toEqual([
        'served-differs kube-apiserver',
        'served-untrusted kube-apiserver',
        'served-name kube-apiserver',
        'listener-without-tls etcd',
        'listener-without-tls etcd-peer',
        'listener-silent kubelet',
        'listener-silent kube-controller-manager',
        'listener-silent kube-scheduler',
      ]);
      expect(served).toHaveLength(6);
      expect(served[2]).toMatchObject({ name: 'etcd-peer', reason: 'no answer within 1 s' });
      expect(status).toBe(1);
    });
  });

  test('sees a chain that is not the one of the file, and a certificate that nobody reads', async () => {
    await withDirectory(async (cwd) => {
      await run(shape, [...INIT.split(' '), 'out/pki', '--root-ca'], { cwd });
      const { cert, key } = pairOf(cwd, 'out', 'apiserver');
      const [leaf = ''] = String(cert).split(/(?<=END CERTIFICATE-----\n)/);
      const alone = await serve({ cert: leaf, ...(key === undefined ? {} : { key }) });
      // A certificate with an extension twice, which OpenSSL shows and Go does not read.
      const fixtures = resolve('fixtures/verify');
      const odd = 'pki/front-proxy-client';
      const unread = await serve({
        cert: readFileSync(join(fixtures, 'duplicate-extension', `${odd}.crt`)),
        key: readFileSync(join(fixtures, 'clean', `${odd}.key`)),
      });
      const addresses = [`kube-apiserver=127.0.0.1:${alone.port}`, `etcd=127.0.0.1:${unread.port}`];
      const { stdout } = await verify(shape, cwd, addresses);
      expect(stdout).toContain(
        'shows other certificates behind its own than its file has [served-chain-differs]',
      );
      expect(stdout).toContain('shows a certificate that cannot be read [served-unreadable]');
    });
  });

  test('finds what is wrong with the flags, all at once', async () => {
    await withDirectory(async (cwd) => {
      await run(shape, [...INIT.split(' '), 'out/pki'], { cwd });
      const wrong = ['nobody=192.0.2.1:1', 'etcd', 'etcd=192.0.2.1', 'etcd=a b:1'];
      const flags = wrong.flatMap((text) => ['--live-address', text]);
      const { status, stdout, stderr } = await run(
        shape,
        ['verify', 'out', '--live', ...flags, '--live-timeout', 'soon'],
        { cwd },
      );
      expect(stdout).toBe('');
      for (const text of wrong)
        expect(stderr).toContain(`error: --live-address ${JSON.stringify(text)}: must `);
      expect(stderr).toContain('error: --live-timeout "soon": must be a period');
      expect(status).toBe(2);
      const alone = await run(shape, ['verify', 'out', '--live-address', 'etcd=192.0.2.1:1'], { cwd });
      expect(alone.stderr).toContain('needs --live');
      expect(alone.status).toBe(2);
    });
  });
});

oracle(
  'etcd',
  isOnPath('etcd'),
  'etcd is not on the PATH',
)('a real etcd', () => {
  test('is asked for both of its certificates, and for nothing else', async () => {
    await withDirectory(async (cwd) => {
      await run(NODE, [...INIT.split(' '), 'out/pki'], { cwd });
      const shown = await run(NODE, 'show arguments etcd --cert-dir out/pki'.split(' '), { cwd });
      const [client = 0, peer = 0] = await freePorts(2);
      const member: ChildProcess = spawn(
        'etcd',
        [
          ...shown.stdout.trim().split('\n'),
          '--data-dir=data',
          `--listen-client-urls=https://127.0.0.1:${client}`,
          `--advertise-client-urls=https://127.0.0.1:${client}`,
          `--listen-peer-urls=https://127.0.0.1:${peer}`,
          `--initial-advertise-peer-urls=https://127.0.0.1:${peer}`,
          `--initial-cluster=default=https://127.0.0.1:${peer}`,
        ],
        { cwd, stdio: 'ignore' },
      );
      closers.push(() => stop(member));
      let ended = await verify(NODE, cwd, [`etcd=127.0.0.1:${client}`, `etcd-peer=127.0.0.1:${peer}`]);
      for (let turn = 0; turn < 50 && / etcd(?:-peer)?:.*does not answer/.test(ended.stdout); turn += 1) {
        ended = await verify(NODE, cwd, [`etcd=127.0.0.1:${client}`, `etcd-peer=127.0.0.1:${peer}`]);
      }
      expect(ended.stdout).not.toContain('error:');
      expect(ended.stdout).toMatch(/^etcd +127\.0\.0\.1:\d+ +20\d\d-/m);
      expect(ended.stdout).toMatch(/^etcd-peer +127\.0\.0\.1:\d+ +20\d\d-/m);
    });
  });
});

opensslOracle('what a component signed for itself', () => {
  test('is a notice, and an error once it has expired', async () => {
    await withDirectory(async (cwd) => {
      await run(NODE, [...INIT.split(' '), 'out/pki'], { cwd });
      const made = spawn(
        'openssl',
        'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost@1 -days 2 -keyout self.key -out self.crt'.split(
          ' ',
        ),
        { cwd, stdio: 'ignore' },
      );
      await once(made, 'exit');
      const server = await serve({
        cert: readFileSync(join(cwd, 'self.crt')),
        key: readFileSync(join(cwd, 'self.key')),
      });
      const address = [`kubelet=127.0.0.1:${server.port}`];
      const now = await verify(NODE, cwd, address);
      expect(now.stdout).toContain('notice: kubelet://');
      expect(now.stdout).toContain('[served-self-signed]');
      expect(now.stdout).not.toContain('[served-untrusted]');
      const later = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
      const then = await verify(NODE, cwd, address, ['--at', later]);
      expect(then.stdout).toMatch(
        /error: kubelet:\S+ shows a certificate that has expired \[served-expired\]/,
      );
    });
  });
});
