import type { Environment } from './adapters/actions/inputs.ts';
import { loadKubeConfig } from './adapters/kubernetes/client.ts';
import { createKubernetes } from './adapters/kubernetes/kubernetes.ts';
import { tunnelTo } from './adapters/kubernetes/tunnel.ts';
import { autoDial, type Dial, directDial, tunnelDial } from './adapters/redis/dial.ts';
import { identityByCertificate, identityByCounting } from './adapters/redis/identity.ts';
import type { Credentials } from './adapters/redis/log-in.ts';
import { createRedis } from './adapters/redis/redis.ts';
import type { TlsOptions } from './adapters/redis/stream.ts';
import { readManifests } from './adapters/topology/manifests.ts';
import type { Reach } from './commands/desk.ts';
import type { Request } from './core/request.ts';
import type { Place, Topology } from './core/topology.ts';

/** Opens the way to one cluster. Throws Failure `kubernetes-unreachable`, `invalid-manifests`. */
export async function reachCluster(
  topology: Topology,
  request: Request,
  { env, workspace }: { readonly env: Environment; readonly workspace: string },
): Promise<Reach> {
  const config = loadKubeConfig({ kubeconfig: request.kubeconfig?.reveal() ?? null, context: request.context }, env);
  const access = accessOf(request.redis);
  const redis = createRedis({ ...access, dial: dialFor(request.connect, topology.kubernetes, { config, ...access }) });
  return {
    kubernetes: createKubernetes(config),
    redis,
    manifests: await readManifests(workspace, topology.kubernetes),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** How servers are logged in to. */
interface Access {
  readonly credentials: Credentials;
  readonly tls: TlsOptions | null;
}

function accessOf({ username, password, tls }: Request['redis']): Access {
  return {
    credentials: {
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password: password.reveal() }),
    },
    tls:
      tls === null
        ? null
        : {
            ...(tls.ca === null ? {} : { ca: tls.ca }),
            ...(tls.cert === null ? {} : { cert: tls.cert }),
            ...(tls.key === null ? {} : { key: tls.key.reveal() }),
            ...(tls.serverName === null ? {} : { serverName: tls.serverName }),
          },
  };
}

function dialFor(
  connect: Request['connect'],
  place: Place,
  { config, credentials, tls }: Access & { readonly config: ReturnType<typeof loadKubeConfig> },
): Dial {
  const open = tunnelTo(config, place);
  switch (connect) {
    case 'direct':
      return directDial(place.port);
    case 'port-forward':
      return tunnelDial(open);
    case 'auto':
      return autoDial(
        place.port,
        open,
        tls === null ? identityByCounting(open, credentials) : identityByCertificate(tls),
      );
  }
}
