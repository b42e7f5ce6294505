import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateClusterPki } from '../../src/index.ts';
import type { KeyAlgorithmId } from '../../src/x509/algorithms.ts';
import {
  byId,
  contentsOf,
  createSandbox,
  type HeldCertificate,
  heldCertificates,
  keySource,
  type Sandbox,
} from '../support/cluster.ts';
import { opensslOracle } from '../x509/openssl.ts';

const algorithms: readonly KeyAlgorithmId[] = ['RSA-2048', 'ECDSA-P256', 'ECDSA-P521', 'Ed25519'];
const cases = algorithms.flatMap((keyAlgorithm) => [false, true].map((rootCa) => ({ keyAlgorithm, rootCa })));

// The clients that the API server lets in by ca.crt, and one of each sibling.
const LET_IN = ['admin.conf', 'kubelet.conf', 'apiserver-kubelet-client'];
const SHUT_OUT = ['front-proxy-client', 'etcd-healthcheck-client', 'apiserver-etcd-client'];

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

opensslOracle('handshakes over real connections', () => {
  describe.each(cases)('$keyAlgorithm, root CA: $rootCa', ({ keyAlgorithm, rootCa }) => {
    let sandbox: Sandbox;
    let held: readonly HeldCertificate[];
    /** What a client trusts: the bundle, and under a root also the root alone. */
    let trust: readonly string[];
    let spawned: ChildProcess | undefined;

    beforeAll(async () => {
      const options = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm, rootCa };
      const pki = await generateClusterPki({ ...options, generateKeyPair: keySource() });
      sandbox = createSandbox();
      held = heldCertificates(pki);
      for (const { id, pem, keyPem } of held) {
        sandbox.write(`${id}.crt`, pem);
        sandbox.write(`${id}.key`, keyPem);
      }
      const paths = rootCa ? ['pki/ca-chain.crt', 'pki/root-ca.crt'] : ['pki/ca.crt'];
      trust = paths.map((path) => contentsOf(pki, path));
    }, 90_000);
    afterAll(() => {
      spawned?.kill('SIGKILL');
      sandbox.remove();
    });

    describe('a server in Node', () => {
      let server: Server;
      let port: number;

      beforeAll(async () => {
        const { pem: cert, keyPem: key } = byId(held, 'apiserver');
        const ca = byId(held, 'ca').pem;
        // ca.crt holds the intermediate alone. Go takes that as an anchor by itself; Node's server passes the option that
        // makes OpenSSL do so to no context but one of its own.
        const context = createSecureContext({ cert, key, ca, allowPartialTrustChain: true });
        server = createServer({
          requestCert: true,
          rejectUnauthorized: false,
          SNICallback: (_name, done) => done(null, context),
        });
        server.on('secureConnection', (socket) => {
          socket.on('error', () => undefined);
          socket.end(socket.authorized ? 'let in' : `shut out: ${socket.authorizationError}`);
        });
        port = await portOf(server);
      });
      afterAll(() => {
        server.close();
      });

      async function said(id: string, sent: string): Promise<string> {
        const { keyPem: key } = byId(held, id);
        const [ca] = trust;
        const socket: TLSSocket = connect({
          port,
          host: '127.0.0.1',
          servername: 'kubernetes',
          key,
          cert: sent,
          ...(ca === undefined ? {} : { ca }),
        });
        const chunks = await socket.setEncoding('utf8').toArray();
        return chunks.join('');
      }

      test.each(LET_IN)('lets %s in', async (id) => {
        expect(await said(id, byId(held, id).pem)).toBe('let in');
      });

      test.each(SHUT_OUT)('shuts %s out, also when it sends its whole chain', async (id) => {
        const { pem, desired } = byId(held, id);
        const chain = [desired.signer ?? '', ...(rootCa ? ['root-ca'] : [])].map((ca) => byId(held, ca).pem);
        expect(await said(id, pem)).toMatch(/^shut out: /);
        expect(await said(id, [pem, ...chain].join(''))).toMatch(/^shut out: /);
      });
    });

    test('openssl s_server is accepted by Node and by openssl s_client', async () => {
      const shown = ['-cert', 'apiserver.crt', '-cert_chain', 'apiserver.crt', '-key', 'apiserver.key'];
      spawned = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-www', ...shown], {
        cwd: sandbox.path,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const port = await acceptedPort(spawned);
      for (const [index, ca] of trust.entries()) {
        const socket = connect({ port, host: '127.0.0.1', servername: 'kubernetes.default', ca });
        await once(socket, 'secureConnect');
        expect(socket.authorized).toBe(true);
        socket.destroy();
        const file = sandbox.write(`trust-${index}.crt`, ca);
        const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', file, '-verify_return_error'];
        const names = ['-verify_ip', '192.0.2.10'];
        const { status, stdout } = spawnSync('openssl', [...args, ...names], {
          input: '',
          encoding: 'utf8',
        });
        expect([status, /Verify return code: (.*)/.exec(stdout)?.[1]]).toEqual([0, '0 (ok)']);
      }
    });
  });
});

/** `ACCEPT 127.0.0.1:34567` is the first that s_server says. */
async function acceptedPort(server: ChildProcess): Promise<number> {
  let said = '';
  for await (const chunk of server.stdout ?? []) {
    said += String(chunk);
    const port = /ACCEPT \S+:(\d+)/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`openssl s_server does not listen: ${said}`);
}
