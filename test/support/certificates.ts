import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from '../../src/adapters/redis/stream.ts';

/** The name that the server's certificate bears. */
export const SERVER_NAME = 'redis.cache.svc';

/** What servers and clients need for mutual TLS under an authority that nobody knows. */
export interface Certificates extends AsyncDisposable {
  /** Lines of a server's configuration: TLS for clients, the bus and replication. */
  readonly config: Readonly<Record<string, string>>;
  readonly client: TlsOptions;
  /** PEMs of what the configuration names, for servers that do not see these files. */
  readonly server: { readonly ca: string; readonly cert: string; readonly key: string };
}

export async function newCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-cluster-topology-tls-'));
  makeCertificates(folder);
  const pem = (name: string) => readFile(join(folder, name), 'utf8');
  const ca = await pem('ca.crt');
  const of = async (name: string) => ({ ca, cert: await pem(`${name}.crt`), key: await pem(`${name}.key`) });
  return {
    config: {
      'tls-cert-file': join(folder, 'server.crt'),
      'tls-key-file': join(folder, 'server.key'),
      'tls-ca-cert-file': join(folder, 'ca.crt'),
      'tls-auth-clients': 'yes',
      'tls-replication': 'yes',
      'tls-cluster': 'yes',
    },
    client: { ...(await of('client')), serverName: SERVER_NAME },
    server: await of('server'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** `ca`, `server` and `client`, each a `.crt` and a `.key`; the last two are signed by the first. */
export function makeCertificates(folder: string): void {
  const run = (...options: string[]): void => {
    execFileSync('openssl', options, { cwd: folder, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority');
  for (const name of ['server', 'client']) {
    const names = ['-addext', `subjectAltName=DNS:${name === 'server' ? SERVER_NAME : 'client'}`];
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-keyout', `${name}.key`, '-out', `${name}.crt`];
    const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    run('req', '-x509', ...key, ...signed, '-subj', `/CN=${name}`, ...names, ...leaf);
  }
}
