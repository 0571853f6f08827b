/** What no log, comment, output or request of a test may show. */

export const TOKEN = 'ghs_0123456789abcdefghijABCDEFGHIJ012345';
export const PASSWORD = 'correct-horse-battery';
export const TOKEN_OF_KUBERNETES = 'token-of-the-cluster';

/** Of an API server that is not there. */
export const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}]
contexts: [{name: here, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: ${TOKEN_OF_KUBERNETES}}}]
`;
