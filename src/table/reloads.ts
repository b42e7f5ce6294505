import { deepFreeze } from './freeze.ts';
import type { Component } from './row.ts';

/**
 * What a component does about a file that was replaced. `itself`: it takes it up, in whatever time `says` tells. `restart`: it
 * has to be restarted. `eachRun`: it is a program that reads the file each time.
 */
export type ReloadEffect = 'itself' | 'restart' | 'eachRun';

/** What is known of arguments that take the certificate, the key or the kubeconfig of a leaf. */
export interface ReloadRow {
  readonly component: Component;
  readonly flags: readonly `--${string}`[];
  readonly effect: ReloadEffect;
  /** What was seen, as a sentence part about the component. */
  readonly says: string;
  /** The version with which it was measured; absent: it was not, `says` has the reason. */
  readonly measuredWith?: string;
}

const ETCD = '3.6.16';
const KUBERNETES = '1.37.2';
const HANDSHAKE = 'shows it from the next handshake on; open connections stay as they are';
const READ_ONCE = 'reads the credential of a kubeconfig once, when it starts (client-go)';

/**
 * Who takes up which file, in the order in which components are seen to: a server before those that call it. Measured where
 * it says so, each file replaced by rename while the program ran.
 */
export const RELOADS: readonly ReloadRow[] = deepFreeze<readonly ReloadRow[]>([
  {
    component: 'etcd',
    flags: ['--cert-file', '--key-file', '--peer-cert-file', '--peer-key-file'],
    effect: 'itself',
    says: HANDSHAKE,
    measuredWith: ETCD,
  },
  {
    component: 'kube-apiserver',
    flags: ['--tls-cert-file', '--tls-private-key-file'],
    effect: 'itself',
    says: HANDSHAKE,
    measuredWith: KUBERNETES,
  },
  {
    component: 'kube-apiserver',
    flags: ['--etcd-certfile', '--etcd-keyfile'],
    effect: 'itself',
    says: 'shows it from the next connection to etcd on; the open one is kept, for over 75 seconds when measured',
    measuredWith: KUBERNETES,
  },
  {
    component: 'kube-apiserver',
    flags: ['--kubelet-client-certificate', '--kubelet-client-key'],
    effect: 'itself',
    says: 'shows it from the next connection to a kubelet on; the open one is kept, for over 75 seconds when measured',
    measuredWith: KUBERNETES,
  },
  {
    component: 'kube-apiserver',
    flags: ['--proxy-client-cert-file', '--proxy-client-key-file'],
    effect: 'itself',
    says: 'shows it to extension servers at once',
    measuredWith: KUBERNETES,
  },
  {
    component: 'kube-controller-manager',
    flags: ['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig'],
    effect: 'restart',
    says: READ_ONCE,
    measuredWith: KUBERNETES,
  },
  {
    component: 'kube-scheduler',
    flags: ['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig'],
    effect: 'restart',
    says: READ_ONCE,
    measuredWith: KUBERNETES,
  },
  {
    component: 'kubelet',
    flags: ['--kubeconfig'],
    effect: 'restart',
    says: READ_ONCE,
    measuredWith: KUBERNETES,
  },
  {
    component: 'etcdctl',
    flags: ['--cert', '--key'],
    effect: 'eachRun',
    says: 'reads it each time that it is run',
    measuredWith: ETCD,
  },
]);
