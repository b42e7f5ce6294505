/**
 * The naming and usage rules a PKI can follow.
 *
 * - `requirements`: the names of the Kubernetes documentation's page on PKI requirements (rows R1 to R6).
 * - `kubeadm`: what kubeadm of the given Kubernetes version issues.
 * - `hardened`: the names of `requirements`, and no more power or purpose than each role needs.
 */
export const PROFILES = ['requirements', 'kubeadm', 'hardened'] as const;
export type Profile = (typeof PROFILES)[number];
