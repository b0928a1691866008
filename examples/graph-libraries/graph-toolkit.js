import { Graph, IProvider, ProviderState, Providers } from '@microsoft/mgt-element';
import { Client } from '@microsoft/microsoft-graph-client';
import { graphClientMiddleware } from 'entra-bff/client/graph';

class BffProvider extends IProvider {
  constructor(client) {
    super();
    this.isIncrementalConsentDisabled = true;
    this.graph = new Graph(Client.initWithMiddleware({ middleware: graphClientMiddleware(client) }));
    this.login = () => client.signIn();
    this.logout = () => client.signOut();
    this.getAccessToken = async () => '';
    client.onSessionChange(({ session }) =>
      this.setState(session.signed_in ? ProviderState.SignedIn : ProviderState.SignedOut),
    );
  }
}

/** Call it before the first component is in the page, then `client.session()`. */
export function connectToolkit(client) {
  Providers.globalProvider = new BffProvider(client);
}
