/** A query that reads one resource of Graph. The client waits and asks by itself, so TanStack Query does not repeat it. */
export const graphQuery = (client, path) => ({
  queryKey: ['graph', path],
  queryFn: ({ signal }) => read(client, path, signal),
  retry: false,
});

/** An infinite query of a list of Graph. Each page is a response with `value`. */
export const graphPages = (client, path) => ({
  queryKey: ['graph', path, 'pages'],
  queryFn: ({ pageParam, signal }) => read(client, pageParam, signal),
  initialPageParam: path,
  getNextPageParam: (page) => page['@odata.nextLink'],
  retry: false,
});

async function read(client, path, signal) {
  const response = await client.graph(path, { signal });
  if (!response.ok) throw new Error(`Graph: ${response.status}`);
  return response.json();
}
