import { describe, expect, test } from '@jest/globals';
import { parseDirectories, parseRequest } from '../../src/cluster/parse.ts';
import { type SpecIssue, isPkiError } from '../../src/errors.ts';
import { NEWEST_VERSION } from '../../src/table/versions.ts';
import { HOST, issuesOf, issuesWith, parseWith, specWith } from './outcome.ts';

const only = (expected: Partial<SpecIssue>): unknown => [expect.objectContaining(expected)];

describe('a specification', () => {
  test('has nothing left to default', () => {
    expect(specWith({})).toEqual({
      profile: 'requirements',
      kubernetesVersion: NEWEST_VERSION,
      hostAddresses: ['10.0.0.5'],
      hostname: 'cp1',
      nodeName: 'cp1',
      advertiseAddress: '10.0.0.5',
      bindPort: 6443,
      apiserverExtraSans: [],
      etcdServerExtraSans: [],
      etcdPeerExtraSans: [],
      serviceCidrs: [{ address: '10.96.0.0', prefixLength: 12, family: 4 }],
      serviceDnsDomain: 'cluster.local',
      clusterName: 'default-cluster',
      keyAlgorithm: 'RSA-2048',
      saKeyAlgorithm: 'RSA-2048',
      certValiditySeconds: 31_536_000,
      caValiditySeconds: 315_360_000,
      notBeforeSkewSeconds: 300,
      etcd: 'stacked',
      rootCa: 'none',
    });
    expect(parseWith({}).warnings).toEqual([]);
  });

  test('is frozen to its leaves', () => {
    const { spec, warnings } = parseWith({ apiserverCertExtraSans: 'a', certValidity: '2y' });
    const values = [
      spec,
      spec.hostAddresses,
      spec.apiserverExtraSans[0],
      spec.serviceCidrs[0],
      warnings,
      warnings[0],
    ];
    expect(values.map((value) => Object.isFrozen(value))).toEqual(values.map(() => true));
  });

  test('takes the names and networks of a whole kubeadm configuration', () => {
    const spec = specWith({
      profile: 'kubeadm',
      kubernetesVersion: 'v1.37.2',
      hostIp: '192.0.2.10',
      nodeName: 'cp1',
      clusterName: 'east',
      controlPlaneEndpoint: 'lb.example.com:8443',
      apiserverCertExtraSans: ['API.Example.COM', '*.api.example.com', '198.51.100.7', '2001:db8::7'],
      etcdServerCertExtraSans: 'etcd.example.com,198.51.100.8',
      etcdPeerCertExtraSans: 'peer.example.com,2001:db8::8',
      serviceDnsDomain: 'corp.example',
      serviceCidr: '10.96.0.0/16,fd00:10:96::/112',
      keyAlgorithm: 'RSA-3072',
    });
    expect(spec).toMatchObject({
      kubernetesVersion: { minor: 37, patch: 2, text: 'v1.37.2' },
      clusterName: 'east',
      controlPlaneEndpoint: { host: 'lb.example.com', port: 8443 },
      apiserverExtraSans: [
        { kind: 'dns', value: 'api.example.com' },
        { kind: 'dns', value: '*.api.example.com' },
        { kind: 'ip', value: '198.51.100.7' },
        { kind: 'ip', value: '2001:db8::7' },
      ],
      etcdPeerExtraSans: [
        { kind: 'dns', value: 'peer.example.com' },
        { kind: 'ip', value: '2001:db8::8' },
      ],
      serviceCidrs: [
        { address: '10.96.0.0', prefixLength: 16, family: 4 },
        { address: 'fd00:10:96::', prefixLength: 112, family: 6 },
      ],
      keyAlgorithm: 'RSA-3072',
      saKeyAlgorithm: 'RSA-3072',
    });
  });

  test('has each additional name once, whatever way it is written', () => {
    const spec = specWith({
      apiserverCertExtraSans: 'A.example,192.0.2.1,a.example,::ffff:192.0.2.1,2001:DB8::1,2001:db8:0::1',
    });
    expect(spec.apiserverExtraSans.map((name) => name.value)).toEqual([
      'a.example',
      '192.0.2.1',
      '2001:db8::1',
    ]);
  });

  test('keeps a name that would add an attribute to a subject an ordinary string', () => {
    expect(specWith({ clusterName: 'a, O=system:masters' }).clusterName).toBe('a, O=system:masters');
    expect(issuesWith({ nodeName: 'a, O=system:masters' })).toEqual(only({ option: 'node-name' }));
    expect(issuesWith({ hostname: 'a, O=system:masters' })).toEqual(only({ option: 'hostname' }));
  });
});

describe('all problems are reported together', () => {
  test('with option, value, rule and hint', () => {
    expect(issuesWith({ hostIp: '999.1.1.1', serviceCidr: 'foo', keyAlgorithm: 'RSA-1024' })).toEqual([
      {
        option: 'host-ip',
        value: '999.1.1.1',
        rule: 'must be an IPv4 or IPv6 address',
        hint: 'for a name use --apiserver-cert-extra-sans',
      },
      {
        option: 'service-cidr',
        value: 'foo',
        rule: 'must be a network in CIDR notation',
        hint: 'for example 10.96.0.0/12',
      },
      {
        option: 'key-algorithm',
        value: 'RSA-1024',
        rule: 'must be RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384, ECDSA-P521 or Ed25519',
        hint: 'for example RSA-2048',
      },
    ]);
  });

  test('each element of a list by itself', () => {
    const issues = issuesWith({ hostIp: '10.0.0.5,1.2,10.0.0.6,x' });
    expect(issues.map(({ option, value }) => [option, value])).toEqual([
      ['host-ip', '1.2'],
      ['host-ip', 'x'],
    ]);
  });

  test('with those of the directories', () => {
    const options = { hostIp: 'x', certDir: 'certs', rootCaDir: '/root-ca', profile: 'kubeadm' } as const;
    const issues = issuesOf(() =>
      parseRequest({ ...options, hostname: 'a', nodeName: 'b' }, { host: HOST, cwd: '/srv' }),
    );
    expect(issues.map(({ option }) => option).toSorted()).toEqual([
      'host-ip',
      'hostname',
      'kubeconfig-dir',
      'root-ca-dir',
    ]);
  });

  test('in a message of one line', () => {
    const error = (() => {
      try {
        return parseWith({ hostname: 'a\nb', clusterName: '\u0007' });
      } catch (caught) {
        return caught;
      }
    })();
    expect(isPkiError(error, 'ERR_CONFIG') && error.message).toBe(
      'hostname "a\\nb": must be a DNS name (RFC 1123 subdomain); cluster-name "\\u0007": must be made of characters that can be shown',
    );
  });
});

describe('addresses and names of the host', () => {
  test('are refused together where no address is given, and the hint lists those of this host', () => {
    expect(issuesWith({ hostIp: undefined })).toEqual([
      {
        option: 'host-ip',
        rule: 'is needed, or --apiserver-advertise-address',
        hint: 'this host has 10.0.0.5, 2001:db8::5',
      },
    ]);
  });

  test('have a hint also where nothing is known of this host', () => {
    const issues = issuesWith({ hostIp: undefined }, {});
    expect(issues.map(({ option, hint }) => [option, hint])).toEqual([
      ['host-ip', 'for example --host-ip 10.0.0.5'],
      ['hostname', 'for example --hostname cp1'],
    ]);
  });

  test('the advertise address stands in for the host address', () => {
    const spec = specWith({
      hostIp: undefined,
      apiserverAdvertiseAddress: '2001:DB8::5',
      serviceCidr: 'fd00::/112',
    });
    expect([spec.hostAddresses, spec.advertiseAddress]).toEqual([['2001:db8::5'], '2001:db8::5']);
  });

  test('the first host address is the default advertise address, and the other way round nothing is added', () => {
    const hostIp = '10.0.0.5,10.0.0.6';
    expect(specWith({ hostIp }).advertiseAddress).toBe('10.0.0.5');
    const spec = specWith({ hostIp, apiserverAdvertiseAddress: '10.0.0.7' });
    expect([spec.hostAddresses, spec.advertiseAddress]).toEqual([['10.0.0.5', '10.0.0.6'], '10.0.0.7']);
  });

  test.each([
    [{ hostname: 'A' }, 'a', 'a'],
    [{ nodeName: 'B' }, 'b', 'b'],
    [{ hostname: 'a', nodeName: 'b' }, 'a', 'b'],
    [{ hostname: 'a', nodeName: '10.0.0.5' }, 'a', '10.0.0.5'],
    [{}, 'my-host.example', 'my-host.example'],
  ])('%j give hostname %s and node name %s', (options, hostname, nodeName) => {
    expect(specWith(options, { hostname: 'My-Host.example' })).toMatchObject({ hostname, nodeName });
  });

  test.each([
    [{}, { hostname: 'my_host' }, 'is needed: "my_host" cannot stand in for it'],
    [{}, { hostname: '' }, 'is needed: "" cannot stand in for it'],
    [{ nodeName: '10.0.0.5' }, HOST, 'is needed: "10.0.0.5" cannot stand in for it'],
  ])('%j on %j need a hostname', (options, host, rule) => {
    expect(issuesWith(options, host)).toEqual([
      { option: 'hostname', rule, hint: 'for example --hostname cp1' },
    ]);
  });

  test('a wrong node name is reported once', () => {
    expect(issuesWith({ nodeName: 'a_b' }, {})).toEqual(only({ option: 'node-name', value: 'a_b' }));
  });
});

describe('choices', () => {
  test.each([
    ['key-algorithm', { keyAlgorithm: 'ecdsa-p256' }, 'did you mean ECDSA-P256'],
    ['key-algorithm', { keyAlgorithm: 'RSA2048' }, 'did you mean RSA-2048'],
    ['key-algorithm', { keyAlgorithm: 'ED25519' }, 'did you mean Ed25519'],
    ['sa-key-algorithm', { saKeyAlgorithm: 'ecdsa-p521' }, 'did you mean ECDSA-P521'],
    // Closer to this than to RSA-3072, which comes before it.
    ['key-algorithm', { keyAlgorithm: 'RSA-3096' }, 'did you mean RSA-4096'],
    ['profile', { profile: 'Kubeadm' }, 'did you mean kubeadm'],
    ['profile', { profile: 'requirement' }, 'did you mean requirements'],
  ])('--%s %j: %s', (option, options, hint) => {
    expect(issuesWith(options)).toEqual(only({ option, hint }));
  });

  test.each(['1.23', '1.38', '2.0', 'stable-1', 'v1.36.0-rc.1', '1', '1.36.', 'latest', '01.36'])(
    'refuses --kubernetes-version %s',
    (value) => {
      const rule = 'must be a release of Kubernetes from 1.24 to 1.37';
      expect(issuesWith({ kubernetesVersion: value })).toEqual(
        only({ option: 'kubernetes-version', value, rule }),
      );
    },
  );

  test.each([
    ['1.24', 'v1.24'],
    ['v1.36', 'v1.36'],
    ['1.36.1', 'v1.36.1'],
    ['v1.37.99', 'v1.37.99'],
  ])('takes --kubernetes-version %s', (kubernetesVersion, text) => {
    expect(specWith({ kubernetesVersion }).kubernetesVersion.text).toBe(text);
  });
});

describe('key algorithms', () => {
  test.each([
    [{ keyAlgorithm: 'ECDSA-P384' }, 'ECDSA-P384'],
    [{ keyAlgorithm: 'Ed25519' }, 'RSA-2048'],
    [{ keyAlgorithm: 'Ed25519', saKeyAlgorithm: 'ECDSA-P256' }, 'ECDSA-P256'],
    [{ saKeyAlgorithm: 'ECDSA-P521' }, 'ECDSA-P521'],
  ])('%j make service account keys of %s', (options, saKeyAlgorithm) => {
    expect(specWith(options)).toMatchObject({ saKeyAlgorithm });
  });

  test('of service accounts are those that the API server takes', () => {
    expect(issuesWith({ saKeyAlgorithm: 'Ed25519' })).toEqual([
      {
        option: 'sa-key-algorithm',
        value: 'Ed25519',
        rule: 'must be an algorithm that the API server takes for service accounts',
        hint: 'RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384 or ECDSA-P521',
      },
    ]);
  });
});

describe('the kubeadm profile', () => {
  test.each([
    ['1.24', 'RSA-2048', undefined],
    ['1.24', 'ECDSA-P256', undefined],
    ['1.30.14', 'RSA-3072', 'RSA-2048 or ECDSA-P256'],
    ['1.30', 'RSA-4096', 'RSA-2048 or ECDSA-P256'],
    ['1.31.0', 'RSA-3072', undefined],
    ['1.31', 'RSA-4096', undefined],
    ['1.33', 'ECDSA-P384', 'RSA-2048, RSA-3072, RSA-4096 or ECDSA-P256'],
    ['1.34.0', 'ECDSA-P384', undefined],
    ['1.37', 'ECDSA-P521', 'RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 or ECDSA-P384'],
    ['1.37', 'Ed25519', 'RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 or ECDSA-P384'],
  ])('of %s with %s is offered %s instead', (kubernetesVersion, keyAlgorithm, hint) => {
    const issues = issuesWith({ profile: 'kubeadm', kubernetesVersion, keyAlgorithm });
    expect(issues).toEqual(
      hint === undefined ? [] : only({ option: 'key-algorithm', value: keyAlgorithm, hint }),
    );
  });

  test.each(['requirements', 'hardened'])('is the only one bound by it, %s is not', (profile) => {
    expect(issuesWith({ profile, kubernetesVersion: '1.24', keyAlgorithm: 'ECDSA-P521' })).toEqual([]);
  });

  test.each([
    [
      'v1.30.4',
      [
        expect.objectContaining({
          option: 'key-algorithm',
          rule: expect.stringContaining('PublicKeysECDSA'),
        }),
      ],
    ],
    ['v1.31.0', []],
  ])('warns of the feature gate that ECDSA-P256 needs in %s', (kubernetesVersion, expected) => {
    const { warnings } = parseWith({ profile: 'kubeadm', kubernetesVersion, keyAlgorithm: 'ECDSA-P256' });
    expect(warnings).toEqual(expected);
  });

  test('has one algorithm for all keys', () => {
    const options = { profile: 'kubeadm', keyAlgorithm: 'ECDSA-P256', saKeyAlgorithm: 'RSA-2048' };
    const rule = 'must be ECDSA-P256 like all other keys, in the kubeadm profile';
    expect(issuesWith(options)).toEqual(only({ option: 'sa-key-algorithm', rule }));
    expect(issuesWith({ ...options, saKeyAlgorithm: 'ECDSA-P256' })).toEqual([]);
    expect(issuesWith({ ...options, profile: 'hardened' })).toEqual([]);
  });

  test.each([
    [{ keyAlgorithm: 'ECDSA-P521', kubernetesVersion: '1.2' }, 'kubernetes-version'],
    [{ keyAlgorithm: 'x', saKeyAlgorithm: 'ECDSA-P256' }, 'key-algorithm'],
    [{ saKeyAlgorithm: 'x' }, 'sa-key-algorithm'],
    [{ nodeName: '10.0.0.5' }, 'hostname'],
    [{ hostname: 'a_b', nodeName: 'cp2' }, 'hostname'],
  ])('draws no conclusions from what is wrong itself: %j', (options, option) => {
    expect(issuesWith({ profile: 'kubeadm', ...options }).map((issue) => issue.option)).toEqual([option]);
  });

  test('knows one name of the host', () => {
    const options = { profile: 'kubeadm', hostname: 'CP1', nodeName: 'cp2' };
    expect(issuesWith(options)).toEqual(only({ option: 'hostname', value: 'CP1' }));
    expect(specWith({ ...options, nodeName: 'cp1' })).toMatchObject({ hostname: 'cp1', nodeName: 'cp1' });
  });

  test('calls the cluster kubernetes', () => {
    expect(specWith({ profile: 'kubeadm' }).clusterName).toBe('kubernetes');
    expect(specWith({ profile: 'kubeadm', clusterName: 'east' }).clusterName).toBe('east');
  });
});

describe('service networks of a cluster', () => {
  // kubeadm's TestValidateIPNetFromString and TestGetAPIServerVirtualIP.
  test.each(['10.96.0.0/12,10.112.0.0/12', 'fd00::/112,fd01::/112', '10.96.0.0/12,fd00::/112,10.112.0.0/12'])(
    'may not be %s',
    (value) => {
      const rule = 'must be one network, or two of different families';
      expect(issuesWith({ serviceCidr: value })).toEqual(only({ option: 'service-cidr', value, rule }));
    },
  );

  test.each(['10.96.0.0/12,', ',10.96.0.0/12', '10.96.0.0/12,,fd00::/112'])('may not be %s', (value) => {
    expect(issuesWith({ serviceCidr: value })).toEqual(only({ option: 'service-cidr', value }));
  });

  test('must all be right, also those after the first', () => {
    expect(issuesWith({ serviceCidr: '10.96.0.0/12,foo' })).toEqual(
      only({ option: 'service-cidr', value: 'foo' }),
    );
  });
});

describe('external etcd', () => {
  test('is told from stacked etcd', () => {
    expect(specWith({ externalEtcd: true }).etcd).toBe('external');
    expect(specWith({ externalEtcd: false, etcdServerCertExtraSans: 'a' }).etcd).toBe('stacked');
  });

  test('has no certificates that additional names could go into', () => {
    const options = { externalEtcd: true, etcdServerCertExtraSans: 'a', etcdPeerCertExtraSans: 'b' };
    expect(issuesWith(options).map(({ option, value }) => [option, value])).toEqual([
      ['etcd-server-cert-extra-sans', 'a'],
      ['etcd-peer-cert-extra-sans', 'b'],
    ]);
  });
});

describe('directories', () => {
  const directoriesOf = (options: object): unknown =>
    parseRequest({ hostIp: '10.0.0.5', ...options }, { host: HOST, cwd: '/srv' }).directories;
  const issuesOfDirectories = (options: object): readonly SpecIssue[] =>
    issuesOf(() => directoriesOf(options));

  test.each([
    [{}, { certDir: '/etc/kubernetes/pki', kubeconfigDir: '/etc/kubernetes' }],
    [{ certDir: './out/pki/' }, { certDir: '/srv/out/pki', kubeconfigDir: '/srv/out' }],
    [{ certDir: 'pki' }, { certDir: '/srv/pki', kubeconfigDir: '/srv' }],
    [
      { certDir: '.', kubeconfigDir: '../conf' },
      { certDir: '/srv', kubeconfigDir: '/conf' },
    ],
    [{ kubeconfigDir: '/k' }, { certDir: '/etc/kubernetes/pki', kubeconfigDir: '/k' }],
    [
      { rootCa: true, rootCaDir: 'root' },
      { certDir: '/etc/kubernetes/pki', kubeconfigDir: '/etc/kubernetes', rootCaDir: '/srv/root' },
    ],
    [
      { rootCa: true, rootCaDir: '/etc/kubernetes/x/../pki' },
      { certDir: '/etc/kubernetes/pki', kubeconfigDir: '/etc/kubernetes' },
    ],
  ])('of %j are %j', (options, directories) => {
    expect(directoriesOf(options)).toEqual(directories);
  });

  test.each([
    [{}, 'none'],
    [{ rootCa: true }, 'beside'],
    [{ rootCa: true, rootCaDir: '/etc/kubernetes/pki/' }, 'beside'],
    [{ rootCa: true, rootCaDir: '/mnt/root' }, 'apart'],
  ])('%j keep the key of the root %s', (options, rootCa) => {
    expect(specWith(options).rootCa).toBe(rootCa);
  });

  test('of the root compare under the working directory', () => {
    const options = { hostIp: '10.0.0.5', rootCa: true, certDir: 'pki', rootCaDir: '/srv/pki' };
    expect(parseRequest(options, { host: HOST, cwd: '/srv' }).spec.rootCa).toBe('beside');
    expect(parseRequest(options, { host: HOST, cwd: '/tmp' }).spec.rootCa).toBe('apart');
  });

  test.each(['/srv/certs', '/', '.', '/etc/PKI'])('of kubeconfigs cannot be told from %s', (certDir) => {
    expect(issuesOfDirectories({ certDir })).toEqual(
      only({ option: 'kubeconfig-dir', rule: 'is needed where --cert-dir is not called pki' }),
    );
  });

  test.each([
    ['cert-dir', { certDir: '/a\0/pki' }],
    ['cert-dir', { certDir: '/a\n/certs' }],
    ['kubeconfig-dir', { kubeconfigDir: '/a\u0085b' }],
    ['root-ca-dir', { rootCaDir: 'a\rb', rootCa: true }],
  ])('with control characters are refused: --%s %j', (option, options) => {
    expect(issuesOfDirectories(options)).toEqual(
      only({ option, rule: 'must be a path without control characters' }),
    );
  });

  test('are read alike by themselves, whatever the rest of the request', () => {
    const options = { certDir: './out/pki', rootCa: true, rootCaDir: 'root' };
    expect(parseDirectories(options, '/srv')).toEqual(directoriesOf(options));
    expect(issuesOf(() => parseDirectories({ certDir: '/srv/certs', rootCaDir: '/r' }, '/srv'))).toEqual(
      issuesOfDirectories({ certDir: '/srv/certs', rootCaDir: '/r' }),
    );
  });

  test('of the root need a root', () => {
    const issue = only({ option: 'root-ca-dir', value: '/r', rule: 'needs --root-ca' });
    expect(issuesOfDirectories({ rootCaDir: '/r' })).toEqual(issue);
    expect(issuesWith({ rootCaDir: '/r', rootCa: false })).toEqual(issue);
    expect(issuesWith({ rootCaDir: '/r', rootCa: 'yes' })).toEqual(only({ option: 'root-ca' }));
  });
});
