import { expect, test } from '@jest/globals';
import { choose } from '../../src/resolve/choose.ts';
import { ROWS } from '../../src/table/rows.ts';
import { USAGES } from '../../src/table/usages.ts';
import { NEWEST_VERSION } from '../../src/table/versions.ts';

// The tables R2, R3, R5 and R6 of the requirements, as the documentation prints them: a second writing-down on purpose.
const ruling = { profile: 'requirements', kubernetesVersion: NEWEST_VERSION } as const;

test.each([
  ['R2.1', 'ca', 'pki/ca.crt', 'pki/ca.key', 'kubernetes-ca'],
  ['R2.2', 'etcd-ca', 'pki/etcd/ca.crt', 'pki/etcd/ca.key', 'etcd-ca'],
  ['R2.3', 'front-proxy-ca', 'pki/front-proxy-ca.crt', 'pki/front-proxy-ca.key', 'kubernetes-front-proxy-ca'],
])('%s: %s lies in %s and %s as %s', (requirement, id, certificate, key, commonName) => {
  const row = ROWS.find((candidate) => candidate.id === id);
  if (row?.kind !== 'ca') throw new Error(`${id} is no CA`);
  expect(row.requirements).toContain(requirement);
  expect([row.certificate, row.key, choose(row.commonName, ruling)]).toEqual([certificate, key, commonName]);
});

test.each([
  ['R3.1', 'kube-etcd', 'etcd-ca', [], ['serverAuth', 'clientAuth']],
  ['R3.2', 'kube-etcd-peer', 'etcd-ca', [], ['serverAuth', 'clientAuth']],
  ['R3.3', 'kube-etcd-healthcheck-client', 'etcd-ca', [], ['clientAuth']],
  ['R3.4', 'kube-apiserver-etcd-client', 'etcd-ca', ['system:masters'], ['clientAuth']],
  ['R3.5', 'kube-apiserver', 'ca', [], ['serverAuth']],
  ['R3.6', 'kube-apiserver-kubelet-client', 'ca', ['system:masters'], ['clientAuth']],
  ['R3.7', 'front-proxy-client', 'front-proxy-ca', [], ['clientAuth']],
])(
  '%s: %s is signed by %s with O %j for %j',
  (requirement, commonName, signer, organization, extKeyUsage) => {
    const row = ROWS.find((candidate) => candidate.requirements.includes(requirement));
    if (row?.kind !== 'certificate') throw new Error(`${requirement} is no certificate`);
    expect(choose(row.commonName, ruling)).toBe(commonName);
    expect(row.signer).toBe(signer);
    expect(row.organization === undefined ? [] : choose(row.organization, ruling)).toEqual(organization);
    expect(USAGES[row.usage].extKeyUsage).toEqual(extKeyUsage);
    expect(choose(USAGES[row.usage].keyUsage, ruling).rsa).toEqual(['digitalSignature', 'keyEncipherment']);
  },
);

test.each([
  ['R6.1', 'admin.conf', 'default-admin', 'kubernetes-admin', ['system:masters']],
  ['R6.2', 'kubelet.conf', 'default-auth', 'system:node:{nodeName}', ['system:nodes']],
  ['R6.3', 'controller-manager.conf', 'default-controller-manager', 'system:kube-controller-manager', []],
  ['R6.4', 'scheduler.conf', 'default-scheduler', 'system:kube-scheduler', []],
])('%s: %s has the credential %s for %s in %j', (requirement, file, user, commonName, organization) => {
  const row = ROWS.find((candidate) => candidate.id === file);
  if (row?.kind !== 'kubeconfig') throw new Error(`${file} is no kubeconfig`);
  expect(row.requirements).toContain(requirement);
  expect(row.file).toBe(file);
  expect(choose(row.user, ruling)).toBe(user);
  expect(choose(row.context, ruling)).toBe('default-system');
  expect(choose(row.commonName, ruling)).toBe(commonName);
  expect(row.organization === undefined ? [] : choose(row.organization, ruling)).toEqual(organization);
});

test.each([
  ['R5.1', 'kube-apiserver', '--etcd-cafile'],
  ['R5.2', 'kube-apiserver', '--etcd-keyfile --etcd-certfile'],
  ['R5.3', 'kube-apiserver', '--client-ca-file'],
  [
    'R5.4',
    'kube-controller-manager',
    '--cluster-signing-key-file --client-ca-file --root-ca-file --cluster-signing-cert-file',
  ],
  ['R5.5', 'kube-apiserver', '--tls-private-key-file --tls-cert-file'],
  ['R5.6', 'kube-apiserver', '--kubelet-client-key --kubelet-client-certificate'],
  ['R5.7', 'kube-apiserver', '--requestheader-client-ca-file'],
  ['R5.8', 'kube-controller-manager', '--requestheader-client-ca-file'],
  ['R5.9', 'kube-apiserver', '--proxy-client-key-file --proxy-client-cert-file'],
  ['R5.10', 'etcd', '--trusted-ca-file --peer-trusted-ca-file'],
  ['R5.11', 'etcd', '--key-file --cert-file'],
  ['R5.12', 'etcd', '--peer-key-file --peer-cert-file'],
  ['R5.13', 'etcdctl', '--cacert'],
  ['R5.14', 'etcdctl', '--key --cert'],
  ['R5.15', 'kube-controller-manager', '--service-account-private-key-file'],
  ['R5.16', 'kube-apiserver', '--service-account-key-file'],
])('%s: %s takes %s', (requirement, component, flags) => {
  const found = ROWS.flatMap((row) => row.arguments).filter(
    (argument) => argument.requirement === requirement,
  );
  expect(new Set(found.map((argument) => argument.component))).toEqual(new Set([component]));
  expect(new Set(found.map((argument) => argument.flag))).toEqual(new Set(flags.split(' ')));
});
