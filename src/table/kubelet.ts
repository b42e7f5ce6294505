/**
 * What a kubelet renews itself, outside of what is otherwise read (kubelet --cert-dir): what it shows the API server as a
 * client, and what it shows as a server where that was signed, or where it made it itself.
 */
export const KUBELET_CERTIFICATES: readonly string[] = Object.freeze([
  '/var/lib/kubelet/pki/kubelet-client-current.pem',
  '/var/lib/kubelet/pki/kubelet-server-current.pem',
  '/var/lib/kubelet/pki/kubelet.crt',
]);
