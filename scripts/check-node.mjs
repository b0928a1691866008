const wanted = 24;
const found = Number(process.versions.node.split('.')[0]);
if (found < wanted) {
  console.error(
    `entra-bff runs on Node ${wanted}, this is Node ${process.versions.node}. ` +
      `Run "npm ci" without --omit=optional (it brings Node ${wanted} on Linux and Windows), or install Node ${wanted}.`,
  );
  process.exit(1);
}
