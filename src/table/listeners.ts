import { deepFreeze } from './freeze.ts';
import type { Component } from './row.ts';

/** A place where a component waits for TLS connections. */
export interface ListenerRow {
  readonly component: Component;
  /** What it is called where a component has several. */
  readonly name: string;
  /** The id of the row whose certificate is shown there; absent: one that the component has of itself. */
  readonly row?: string;
  /** `bindPort`: the one that the cluster says. */
  readonly port: number | 'bindPort';
  readonly addresses: readonly ('advertiseAddress' | 'loopback')[];
  /** Citation for whatever surprises. */
  readonly because?: string;
}

/**
 * Where the components of a control-plane host listen, as kubeadm's static pods and the defaults of Kubernetes have it
 * (kubeadm.md 8; kubernetes.io/docs/reference/networking/ports-and-protocols).
 */
export const LISTENERS: readonly ListenerRow[] = deepFreeze<readonly ListenerRow[]>([
  {
    component: 'kube-apiserver',
    name: 'kube-apiserver',
    row: 'apiserver',
    port: 'bindPort',
    addresses: ['advertiseAddress'],
  },
  {
    component: 'etcd',
    name: 'etcd',
    row: 'etcd-server',
    port: 2379,
    addresses: ['advertiseAddress', 'loopback'],
    because: 'the API server of the same host connects to etcd through loopback',
  },
  { component: 'etcd', name: 'etcd-peer', row: 'etcd-peer', port: 2380, addresses: ['advertiseAddress'] },
  { component: 'kubelet', name: 'kubelet', port: 10_250, addresses: ['advertiseAddress'] },
  {
    component: 'kube-controller-manager',
    name: 'kube-controller-manager',
    port: 10_257,
    addresses: ['loopback'],
    because: 'signs a certificate for itself at every start',
  },
  {
    component: 'kube-scheduler',
    name: 'kube-scheduler',
    port: 10_259,
    addresses: ['loopback'],
    because: 'signs a certificate for itself at every start',
  },
]);
