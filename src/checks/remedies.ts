/** What to do about a certificate that is no CA's. `init` makes what is missing and keeps the rest. */
export const ISSUE_LEAF_ANEW: string =
  'have it issued anew: move the certificate and its key, or the kubeconfig, away and run k8s-pki init again';

/** What to do about any certificate. A CA that is made anew would fit nothing that it signed. */
export const ISSUE_ANEW: string = `${ISSUE_LEAF_ANEW}; that of a CA takes a rotation`;
