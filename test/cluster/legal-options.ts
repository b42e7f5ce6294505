import fc from 'fast-check';
import { PROFILES } from '../../src/table/profiles.ts';
import { KEY_ALGORITHM_IDS } from '../../src/x509/algorithms.ts';

const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
const dnsName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const hostAddress = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255))
    .map((bytes) => bytes.join('.')),
  fc
    .tuple(fc.nat(0xffff), fc.nat(0xffff))
    .map(([a, b]) => `2001:db8:${a.toString(16)}:0:0::${b.toString(16)}`),
);
const san = fc.oneof(
  dnsName,
  dnsName.map((name) => `*.${name}`),
  hostAddress,
);
const period = fc.integer({ min: 1, max: 300_000 }).map((minutes) => `${minutes}m`);
const cidrs = fc.constantFrom(
  '10.96.0.12/24',
  'fd00:10:96::7/112',
  '10.96.0.0/12,fd00::/108',
  'fec0::/112,172.16.0.0/28',
);

/** Options of `init` that are right together, in every profile but kubeadm's. */
export const legalOptions = fc.record(
  {
    hostIp: fc.array(hostAddress, { minLength: 1, maxLength: 3 }),
    hostname: dnsName,
    nodeName: dnsName,
    apiserverAdvertiseAddress: hostAddress.filter((address) => !address.startsWith('169.254.')),
    apiserverBindPort: fc.integer({ min: 1, max: 65_535 }),
    controlPlaneEndpoint: fc.oneof(
      dnsName,
      dnsName.map((name) => `${name}:8443`),
      fc.constant('[2001:DB8::1]:443'),
    ),
    apiserverCertExtraSans: fc.array(san),
    etcdServerCertExtraSans: fc.array(san),
    etcdPeerCertExtraSans: fc.array(san),
    serviceCidr: cidrs,
    serviceDnsDomain: dnsName,
    clusterName: fc.constantFrom('east', 'a, O=system:masters', '東京'),
    keyAlgorithm: fc.constantFrom(...KEY_ALGORITHM_IDS),
    saKeyAlgorithm: fc.constantFrom('RSA-3072', 'ECDSA-P521'),
    certValidity: period,
    caValidity: period,
    notBeforeSkew: fc.integer({ min: 0, max: 86_400 }).map((seconds) => `${seconds}s`),
    profile: fc.constantFrom(...PROFILES.filter((profile) => profile !== 'kubeadm')),
    kubernetesVersion: fc.constantFrom('1.24', 'v1.36.1', '1.37'),
    rootCa: fc.constant(true),
    rootCaDir: fc.constantFrom('/mnt/root', '/etc/kubernetes/pki'),
  },
  { requiredKeys: ['hostIp', 'rootCa'] },
);
