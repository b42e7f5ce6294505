import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ClusterOptions } from '../../src/cluster/options.ts';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import { argumentsText } from '../../src/report/arguments.ts';
import { toYaml } from '../../src/report/yaml.ts';
import { resolveArguments } from '../../src/resolve/arguments.ts';
import { resolveBindings } from '../../src/resolve/rbac.ts';

const specOf = (options: ClusterOptions) =>
  parseClusterSpec({ hostIp: '192.0.2.10', hostname: 'cp1', ...options }, {}).spec;
const pathOf = (path: string): string => `/etc/kubernetes/${path}`;

function textOf(
  component: string,
  options: ClusterOptions = {},
  keyless: readonly string[] = [],
): readonly string[] {
  const all = resolveArguments(specOf(options), { pathOf, keyless });
  return argumentsText(all.filter((argument) => argument.component === component));
}

describe('the arguments', () => {
  // kubeadm.md 8: what kubeadm itself passes that has to do with the PKI.
  test('of kube-apiserver', () => {
    expect(textOf('kube-apiserver').toSorted()).toEqual(
      [
        '--client-ca-file=/etc/kubernetes/pki/ca.crt',
        '--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt',
        '--etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt',
        '--etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key',
        '--kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt',
        '--kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key',
        '--proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt',
        '--proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key',
        '--requestheader-allowed-names=front-proxy-client',
        '--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt',
        '--requestheader-extra-headers-prefix=X-Remote-Extra-',
        '--requestheader-group-headers=X-Remote-Group',
        '--requestheader-username-headers=X-Remote-User',
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        '--service-account-key-file=/etc/kubernetes/pki/sa.pub',
        '--service-account-signing-key-file=/etc/kubernetes/pki/sa.key',
        '--tls-cert-file=/etc/kubernetes/pki/apiserver.crt',
        '--tls-private-key-file=/etc/kubernetes/pki/apiserver.key',
      ].toSorted(),
    );
  });

  test('of kube-controller-manager', () => {
    expect(textOf('kube-controller-manager')).toEqual([
      '--client-ca-file=/etc/kubernetes/pki/ca.crt',
      '--root-ca-file=/etc/kubernetes/pki/ca.crt',
      '--cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt',
      '--cluster-signing-key-file=/etc/kubernetes/pki/ca.key',
      '--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt',
      '--service-account-private-key-file=/etc/kubernetes/pki/sa.key',
      '--kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf',
    ]);
  });

  test('of etcd and etcdctl', () => {
    expect(textOf('etcd')).toEqual([
      '--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
      '--peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
      '--client-cert-auth=true',
      '--peer-client-cert-auth=true',
      '--cert-file=/etc/kubernetes/pki/etcd/server.crt',
      '--key-file=/etc/kubernetes/pki/etcd/server.key',
      '--peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt',
      '--peer-key-file=/etc/kubernetes/pki/etcd/peer.key',
    ]);
    expect(textOf('etcdctl')).toEqual([
      '--cacert=/etc/kubernetes/pki/etcd/ca.crt',
      '--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt',
      '--key=/etc/kubernetes/pki/etcd/healthcheck-client.key',
    ]);
  });

  test('with external etcd are placeholders for the three files of kube-apiserver, and none for etcd', () => {
    const etcd = textOf('kube-apiserver', { externalEtcd: true }).filter((line) =>
      line.startsWith('--etcd-'),
    );
    expect(etcd).toEqual([
      '--etcd-cafile=<CA certificate of the external etcd>',
      '--etcd-certfile=<client certificate for the external etcd>',
      '--etcd-keyfile=<client key for the external etcd>',
    ]);
    expect(textOf('etcd', { externalEtcd: true })).toEqual([]);
  });

  test('under a root name the chain where servers are verified, and the role CA where clients are', () => {
    const lines = textOf('kube-controller-manager', { rootCa: true });
    expect(lines).toContain('--root-ca-file=/etc/kubernetes/pki/ca-chain.crt');
    expect(lines).toContain('--client-ca-file=/etc/kubernetes/pki/ca.crt');
    expect(lines).toContain('--cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt');
    expect(textOf('kube-apiserver', { rootCa: true })).toContain(
      '--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt',
    );
  });

  test('without the CA key leave out both signing arguments', () => {
    const lines = textOf('kube-controller-manager', {}, ['ca']);
    expect(lines.filter((line) => line.includes('signing'))).toEqual([]);
    expect(lines).toContain('--client-ca-file=/etc/kubernetes/pki/ca.crt');
  });

  test('name the DNS domain in the issuer', () => {
    expect(textOf('kube-apiserver', { serviceDnsDomain: 'corp.example' })).toContain(
      '--service-account-issuer=https://kubernetes.default.svc.corp.example',
    );
  });
});

describe('the bindings', () => {
  const bindingsOf = (options: ClusterOptions): readonly string[] =>
    resolveBindings(specOf(options)).map(
      ({ metadata, roleRef, subjects: [subject] }) =>
        `${metadata.name} ${roleRef.name} ${subject?.kind} ${subject?.name}`,
    );
  const admins = 'kubeadm:cluster-admins cluster-admin Group kubeadm:cluster-admins';
  const kubeletApi =
    'kubeadm:apiserver-kubelet-client system:kubelet-api-admin User kube-apiserver-kubelet-client';

  test.each<[ClusterOptions, readonly string[]]>([
    [{}, []],
    [{ profile: 'hardened' }, [kubeletApi, admins]],
    [{ profile: 'kubeadm', kubernetesVersion: '1.28' }, []],
    [{ profile: 'kubeadm', kubernetesVersion: '1.29' }, [admins]],
    [{ profile: 'kubeadm', kubernetesVersion: '1.36.0' }, [admins]],
    [{ profile: 'kubeadm', kubernetesVersion: '1.36.1' }, [kubeletApi, admins]],
    [{ profile: 'kubeadm' }, [kubeletApi, admins]],
  ])('for %j are %j', (options, expected) => {
    expect(bindingsOf(options)).toEqual(expected);
  });

  test('are YAML that reads back as the same', async () => {
    const bindings = resolveBindings(specOf({ profile: 'hardened' }));
    const documents = (await toYaml(bindings)).join('\n').split('\n---\n');
    expect(documents.map((text) => parse(text))).toEqual(bindings);
  });
});
