import { runsInAzure } from './azure.ts';
import { type Environment, isSet } from './setting.ts';

/** What this service must know of the settings that the Functions host reads. */
export interface HostSettings {
  /**
   * Whether the host runs the timer that removes expired rows. Without storage of its own, the host never runs that
   * timer, and does not log this.
   */
  readonly runsSweep: boolean;
}

export function readHostSettings(environment: Environment): HostSettings {
  return { runsSweep: hasStorage(environment) && !isSweepDisabled(environment) };
}

/** With a managed identity, variables such as `AzureWebJobsStorage__accountName` replace the connection string. */
function hasStorage(environment: Environment): boolean {
  return (
    isSet(environment['AzureWebJobsStorage']) ||
    Object.keys(environment).some(
      (name) => /^AzureWebJobsStorage(?:__|:)\w+$/i.test(name) && isSet(environment[name]),
    )
  );
}

/**
 * On Linux, underscores replace the dots in the name.
 * @see https://learn.microsoft.com/azure/azure-functions/disable-function
 */
function isSweepDisabled(environment: Environment): boolean {
  return Object.keys(environment).some(
    (name) =>
      /^AzureWebJobs(?:\.|_{1,2}|:)sweep(?:\.|_{1,2}|:)Disabled$/i.test(name) &&
      /^(?:true|1)$/i.test(environment[name] ?? ''),
  );
}

/** @param bodyLimitBytes `GRAPH_BODY_LIMIT_BYTES` */
export function hostWarnings(environment: Environment, bodyLimitBytes: number): readonly string[] {
  const hostLimit = environment['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'];
  const keysAreInFiles = environment['AzureWebJobsSecretStorageType']?.toLowerCase() === 'files';
  return [
    ...(readHostSettings(environment).runsSweep
      ? []
      : [
          'AzureWebJobsStorage is missing or the function "sweep" is disabled, so expired sessions are never removed; set it to a storage account, and remove AzureWebJobs.sweep.Disabled.',
        ]),
    ...(runsInAzure(environment) && hasStorage(environment) && !keysAreInFiles
      ? [
          'AzureWebJobsSecretStorageType is not "files", so every sign-in depends on the storage account of the host; set it to files.',
        ]
      : []),
    ...(isSet(hostLimit) && Number(hostLimit) < bodyLimitBytes
      ? [
          'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is lower than GRAPH_BODY_LIMIT_BYTES, so the host answers larger bodies with an empty 500; set it to GRAPH_BODY_LIMIT_BYTES plus 65536.',
        ]
      : []),
  ];
}
