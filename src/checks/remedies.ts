/** What to do about a certificate that is no CA's. `init` makes what is missing and keeps the rest. */
export const ISSUE_LEAF_ANEW: string =
  'have it issued anew: move the certificate and its key, or the kubeconfig, away and run k8s-pki init again';

/** What to do about a certificate that nothing is wrong with but its time: it keeps subject and names. No CA is renewed. */
export const RENEW: string = "renew it unless it is a CA's (k8s-pki certs renew)";

/** What to do about any certificate. A CA that is made anew would fit nothing that it signed. */
export const ISSUE_ANEW: string = `${ISSUE_LEAF_ANEW}; that of a CA takes a rotation`;

/** What to do about a kubeconfig. */
export const MAKE_KUBECONFIG_ANEW: string = 'move the kubeconfig away and run k8s-pki init again';

/** What to do about a key that is not to be used any more, whatever it is the key of. */
export const REPLACE_KEY: string =
  'replace the key: move it and its certificate or public key, or the kubeconfig, out of the way and run k8s-pki init again; that of a CA takes a rotation';
