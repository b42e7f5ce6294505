import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ClusterOptions, generateClusterPki, PROFILES } from '../../src/index.ts';
import { ALGORITHMS } from '../../src/table/algorithms.ts';
import { KEY_ALGORITHM_IDS } from '../../src/x509/algorithms.ts';
import type { GeneralName } from '../../src/x509/model.ts';
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
import { expectedPrint, printCertificates } from './openssl-text.ts';
import {
  NO_ISSUER,
  type Verdict,
  verify,
  WRONG_HOSTNAME,
  WRONG_IP,
  WRONG_PURPOSE,
} from './openssl-verify.ts';

const now = new Date('2026-12-01T00:00:00Z');

const request: ClusterOptions = {
  hostIp: ['192.0.2.10', '2001:db8::10'],
  hostname: 'cp1.example.com',
  controlPlaneEndpoint: 'lb.example.com:8443',
  apiserverCertExtraSans: ['*.api.example.com', 'api', '203.0.113.9', 'fd00::1:0:9'],
  etcdServerCertExtraSans: ['etcd.example.com', '198.51.100.2'],
  etcdPeerCertExtraSans: ['*.etcd-peers.example.com'],
  serviceCidr: ['10.96.0.0/12', 'fd00:96::/112'],
};

const cases = PROFILES.flatMap((profile) =>
  KEY_ALGORITHM_IDS.filter(
    (id) => profile !== 'kubeadm' || ALGORITHMS[id].kubeadmSince !== undefined,
  ).flatMap((keyAlgorithm) => [false, true].map((rootCa) => ({ profile, keyAlgorithm, rootCa }))),
);

/** A PKI with each certificate in a file of its own, `<id>.crt`. */
interface Issued {
  readonly rootCa: boolean;
  readonly sandbox: Sandbox;
  readonly all: readonly HeldCertificate[];
  readonly leaves: readonly HeldCertificate[];
  /** The CAs of the three roles. */
  readonly cas: readonly HeldCertificate[];
  /** What servers of the cluster CA are verified against. */
  readonly serverTrustPem: string;
}

async function issue({ profile, keyAlgorithm, rootCa }: (typeof cases)[number]): Promise<Issued> {
  const options = { ...request, profile, keyAlgorithm, rootCa };
  const pki = await generateClusterPki({ ...options, now, generateKeyPair: keySource() });
  const sandbox = createSandbox();
  const all = heldCertificates(pki);
  for (const { id, pem } of all) sandbox.write(`${id}.crt`, pem);
  return {
    rootCa,
    sandbox,
    all,
    leaves: all.filter(({ desired }) => !desired.isCa),
    cas: all.filter(({ id, desired }) => desired.isCa && id !== 'root-ca'),
    serverTrustPem: contentsOf(pki, rootCa ? 'pki/ca-chain.crt' : 'pki/ca.crt'),
  };
}

const crt = ({ id }: { readonly id: string }): string => `${id}.crt`;
const isServer = ({ desired }: HeldCertificate): boolean => desired.extKeyUsage.includes('serverAuth');
const isClient = ({ desired }: HeldCertificate): boolean => desired.extKeyUsage.includes('clientAuth');
const isSignedBy =
  (ca: HeldCertificate) =>
  ({ desired }: HeldCertificate): boolean =>
    desired.signer === ca.id;

function verdicts(
  { sandbox }: Issued,
  certificates: readonly HeldCertificate[],
  ...args: readonly string[]
): readonly Verdict[] {
  return certificates.length === 0 ? [] : verify(sandbox.path, certificates.map(crt), { now, args });
}

/** A file that lets clients in holds its CA alone, also below a root: to OpenSSL that is a partial chain. */
function trustInClients({ rootCa }: Issued, ca: HeldCertificate): readonly string[] {
  return [...(rootCa ? ['-partial_chain'] : []), '-CAfile', crt(ca)];
}

function trustInServer({ rootCa }: Issued, server: HeldCertificate): readonly string[] {
  return rootCa
    ? ['-CAfile', 'root-ca.crt', '-untrusted', crt(server)]
    : ['-CAfile', `${server.desired.signer}.crt`];
}

const all = <T>(list: readonly unknown[], value: T): readonly T[] => list.map(() => value);

opensslOracle('every certificate of every profile and algorithm', () => {
  describe.each(cases)('$profile, $keyAlgorithm, root CA: $rootCa', (options) => {
    let issued: Issued;
    beforeAll(async () => {
      issued = await issue(options);
    }, 60_000);
    afterAll(() => issued.sandbox.remove());

    test('every CA verifies', () => {
      const { cas, rootCa } = issued;
      expect(cas).toHaveLength(3);
      for (const ca of rootCa ? [byId(issued.all, 'root-ca')] : cas) {
        const below = rootCa ? issued.all.filter(({ desired }) => desired.isCa) : [ca];
        expect(verdicts(issued, below, '-CAfile', crt(ca))).toEqual(all(below, 'OK'));
      }
    });

    test('each client verifies by its own CA and by no other, whatever chain it sends', () => {
      const clients = issued.leaves.filter(isClient);
      const sent = issued.all.flatMap((ca) => (ca.desired.isCa ? ['-untrusted', crt(ca)] : []));
      for (const ca of issued.cas) {
        const trust = ['-purpose', 'sslclient', ...trustInClients(issued, ca)];
        const own = clients.filter(isSignedBy(ca));
        const others = clients.filter((held) => !isSignedBy(ca)(held));
        expect(verdicts(issued, own, ...trust)).toEqual(all(own, 'OK'));
        const refused = verdicts(issued, others, ...trust, ...sent);
        expect(refused.filter((verdict) => !NO_ISSUER.includes(verdict))).toEqual([]);
      }
    });

    test('each server verifies by its own CA and by no other', () => {
      const servers = issued.leaves.filter(isServer);
      expect(servers.map(({ id }) => id)).toEqual(['apiserver', 'etcd-server', 'etcd-peer']);
      for (const server of servers) {
        const trust = trustInServer(issued, server);
        expect(verdicts(issued, [server], '-purpose', 'sslserver', ...trust)).toEqual(['OK']);
      }
      for (const ca of issued.cas) {
        const others = servers.filter((held) => !isSignedBy(ca)(held));
        const refused = verdicts(issued, others, '-purpose', 'sslserver', ...trustInClients(issued, ca));
        expect(refused.filter((verdict) => !NO_ISSUER.includes(verdict))).toEqual([]);
      }
    });

    test('none verifies for the other purpose', () => {
      for (const ca of issued.cas) {
        const own = issued.leaves.filter(isSignedBy(ca));
        const trust = trustInClients(issued, ca);
        const clients = own.filter((held) => !isServer(held));
        const servers = own.filter((held) => !isClient(held));
        expect(verdicts(issued, clients, '-purpose', 'sslserver', ...trust)).toEqual(
          all(clients, WRONG_PURPOSE),
        );
        expect(verdicts(issued, servers, '-purpose', 'sslclient', ...trust)).toEqual(
          all(servers, WRONG_PURPOSE),
        );
      }
    });

    test('every certificate reads as its row wants it', () => {
      const file = issued.sandbox.write(
        'all.pem',
        issued.all.map(({ pem }) => pem.replace(/(END CERTIFICATE-----\n)[^]*/, '$1')).join(''),
      );
      const printed = printCertificates(file);
      expect(printed).toHaveLength(issued.all.length);
      issued.all.forEach((held, index) => {
        const signer = byId(issued.all, held.desired.signer ?? held.id);
        // RFC 5280 4.1.2.2: positive, at most 20 bytes; here 63 bits or more.
        const serialHex = expect.stringMatching(/^[0-7][0-9a-f]{15,39}$/);
        expect(printed[index]).toEqual({ ...expectedPrint(held, signer, now), serialHex });
      });
      expect(new Set(printed.map(({ serialHex }) => serialHex)).size).toBe(printed.length);
    });
  });
});

// Names do not depend on the keys.
opensslOracle('every name of every server', () => {
  describe.each(cases.filter(({ keyAlgorithm }) => keyAlgorithm === 'ECDSA-P256'))(
    '$profile, root CA: $rootCa',
    (options) => {
      let issued: Issued;
      beforeAll(async () => {
        issued = await issue(options);
      });
      afterAll(() => issued.sandbox.remove());

      test.each(['apiserver', 'etcd-server', 'etcd-peer'])('%s verifies for each and for no other', (id) => {
        const server = byId(issued.leaves, id);
        const verdict = (...name: string[]): string =>
          verdicts(issued, [server], '-purpose', 'sslserver', ...trustInServer(issued, server), ...name)[0] ??
          '';
        const named = ({ kind, value }: GeneralName): readonly [string, string] => [
          value,
          kind === 'ip'
            ? verdict('-verify_ip', value)
            : verdict('-verify_hostname', value.replace('*', 'any')),
        ];
        const { sans } = server.desired;
        expect(sans.map(named)).toEqual(sans.map(({ value }) => [value, 'OK']));
        expect(verdict('-verify_hostname', 'two.labels.api.example.com')).toBe(WRONG_HOSTNAME);
        expect(verdict('-verify_ip', '192.0.2.11')).toBe(WRONG_IP);
      });

      test('every kubeconfig verifies its server by what it embeds', () => {
        const apiserver = byId(issued.leaves, 'apiserver');
        for (const { id, row, trustPem } of issued.leaves) {
          if (row.kind !== 'kubeconfig') continue;
          expect(trustPem).toBe(issued.serverTrustPem);
          issued.sandbox.write(`${id}.trust`, trustPem ?? '');
          const host = new URL(row.kubeconfig.server).hostname;
          const name = [/^[\d.]+$/.test(host) ? '-verify_ip' : '-verify_hostname', host];
          expect(
            verdicts(issued, [apiserver], '-purpose', 'sslserver', '-CAfile', `${id}.trust`, ...name),
          ).toEqual(['OK']);
        }
      });
    },
  );
});
