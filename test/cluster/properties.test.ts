import { isIP } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OPTIONS } from '../../src/cluster/options.ts';
import { parseClusterSpec, parseRequest } from '../../src/cluster/parse.ts';
import type { ClusterSpec } from '../../src/cluster/spec.ts';
import { legalOptions } from './legal-options.ts';
import { HOST, issuesOf, issuesWith, parseWith, specWith } from './outcome.ts';

const VALID = {
  hostIp: '10.0.0.5,2001:db8::5',
  hostname: 'cp1.example.com',
  nodeName: 'cp1',
  apiserverAdvertiseAddress: '10.0.0.6',
  apiserverBindPort: '6443',
  controlPlaneEndpoint: 'lb.example.com:6443',
  apiserverCertExtraSans: 'api.example.com,*.api.example.com,192.0.2.1',
  etcdServerCertExtraSans: 'etcd.example.com',
  etcdPeerCertExtraSans: '2001:db8::7',
  serviceCidr: '10.96.0.0/12,fd00::/112',
  serviceDnsDomain: 'cluster.local',
  keyAlgorithm: 'ECDSA-P256',
  saKeyAlgorithm: 'RSA-2048',
  certValidity: '8760h',
  caValidity: '10y',
  notBeforeSkew: '5m',
  profile: 'hardened',
  kubernetesVersion: 'v1.36.1',
} as const;

const nameOf = (key: string): string | undefined => OPTIONS.find((row) => row.key === key)?.name;

/** A value of `VALID` with another text put in somewhere. */
function spoilt(inserted: fc.Arbitrary<string>): fc.Arbitrary<readonly [key: string, value: string]> {
  return fc
    .tuple(fc.constantFrom(...Object.entries(VALID)), fc.nat(60), inserted)
    .map(([[key, value], at, text]) => {
      const index = at % (value.length + 1);
      return [key, value.slice(0, index) + text + value.slice(index)] as const;
    });
}

describe('any mutilated value', () => {
  test('that no option can have is an issue of its option', () => {
    expect(issuesWith(VALID)).toEqual([]);
    const illegal = fc.constantFrom(
      ...' ;@!\'"\\\0\n\t\r$(){}<>|=_~^`&é\u202E\u212A'.split(''),
      ',,',
      '..',
      '::::',
      '\uD800',
    );
    fc.assert(
      fc.property(spoilt(illegal), ([key, value]) => {
        expect(issuesWith({ ...VALID, [key]: value }).map(({ option }) => option)).toContain(nameOf(key));
      }),
      { numRuns: 500 },
    );
  });

  test('is either right or an issue, and never anything else', () => {
    fc.assert(
      fc.property(spoilt(fc.string({ unit: 'binary', maxLength: 4 })), ([key, value]) => {
        for (const issue of issuesWith({ ...VALID, [key]: value })) {
          expect(issue.rule).toMatch(/^(must|is needed)/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of any type is either right or an issue', () => {
    const keys = OPTIONS.map((row) => row.key);
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.anything()),
        (options) => {
          const issues = issuesOf(() => parseRequest(options, { host: HOST, cwd: '/srv' }));
          expect(issues.every(({ option, rule }) => option.length >= 0 && rule.length > 0)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The canonical text by the URL standard, but for IPv4-mapped addresses, which are IPv4 here. */
function canonicalByUrl(text: string): string {
  const host = new URL(`http://${text.includes(':') ? `[${text}]` : text}`).hostname.replace(
    /^\[(.*)\]$/,
    '$1',
  );
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped === null) return host;
  const bytes = mapped
    .slice(1)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return bytes.join('.');
}

describe('addresses', () => {
  test('come out in the canonical text of the URL standard, and again the same', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4().map((ipv4) => `::ffff:${ipv4}`),
    );
    fc.assert(
      fc.property(address, (text) => {
        const name = specWith({ apiserverCertExtraSans: text }).apiserverExtraSans[0];
        expect(name).toEqual({ kind: 'ip', value: canonicalByUrl(text) });
        expect(isIP(name?.value ?? '')).not.toBe(0);
        expect(specWith({ apiserverCertExtraSans: name?.value }).apiserverExtraSans).toEqual([name]);
      }),
      { numRuns: 300 },
    );
  });
});

/** The options that ask for this specification. */
function optionsOf(spec: ClusterSpec): object {
  const { controlPlaneEndpoint: endpoint } = spec;
  const host = endpoint?.host.includes(':') === true ? `[${endpoint.host}]` : endpoint?.host;
  const values = (names: readonly { readonly value: string }[]): readonly string[] =>
    names.map((name) => name.value);
  return {
    hostIp: spec.hostAddresses,
    hostname: spec.hostname,
    nodeName: spec.nodeName,
    apiserverAdvertiseAddress: spec.advertiseAddress,
    apiserverBindPort: spec.bindPort,
    controlPlaneEndpoint: endpoint?.port === undefined ? host : `${host}:${endpoint.port}`,
    apiserverCertExtraSans: values(spec.apiserverExtraSans),
    etcdServerCertExtraSans: values(spec.etcdServerExtraSans),
    etcdPeerCertExtraSans: values(spec.etcdPeerExtraSans),
    serviceCidr: spec.serviceCidrs.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    serviceDnsDomain: spec.serviceDnsDomain,
    clusterName: spec.clusterName,
    externalEtcd: spec.etcd === 'external',
    keyAlgorithm: spec.keyAlgorithm,
    saKeyAlgorithm: spec.saKeyAlgorithm,
    certValidity: `${spec.certValiditySeconds}s`,
    caValidity: `${spec.caValiditySeconds}s`,
    notBeforeSkew: `${spec.notBeforeSkewSeconds}s`,
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    rootCa: spec.rootCa !== 'none',
    rootCaDir: spec.rootCa === 'apart' ? '/mnt/root' : undefined,
  };
}

describe('a specification', () => {
  test('asked for in its own words is the same', () => {
    fc.assert(
      fc.property(legalOptions, (options) => {
        const { spec } = parseWith(options);
        expect(parseClusterSpec(optionsOf(spec), {}).spec).toEqual(spec);
      }),
      { numRuns: 200 },
    );
  });
});
