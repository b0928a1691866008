import type { ExtensionMembers, InteractionReason } from '../errors.ts';

/** How a reason is shown to the user, on pages and in problems. */
export interface ReasonText {
  readonly title: string;
  /** What happened, and what the user or an administrator can do. */
  readonly text: string;
  /** `administrator`: a new sign-in alone does not help, so no page or client starts one without a click. */
  readonly resolvedBy: NonNullable<ExtensionMembers['resolved_by']>;
}

const byUser = (title: string, text: string): ReasonText => ({ title, text, resolvedBy: 'user' });
const byAdministrator = (title: string, text: string): ReasonText => ({
  title,
  text,
  resolvedBy: 'administrator',
});

/** The texts for the reasons of an interaction, unless a page or problem has a more specific one. */
export const reasonTexts: Readonly<Record<InteractionReason, ReasonText>> = {
  consent_required: byUser(
    'Your permission is needed',
    'This app needs your permission before it can continue.',
  ),
  admin_consent_required: byAdministrator(
    'Administrator approval required',
    'Only an administrator of your organization can grant a permission that this app needs.',
  ),
  two_factor_required: byUser(
    'Multifactor authentication required',
    'Your organization requires multifactor authentication. Sign in again with your second factor.',
  ),
  password_expired: byUser(
    'Your password has expired',
    'Your password has expired or must be changed. Sign in again to set a new one.',
  ),
  account_disabled: byAdministrator(
    'Your account cannot be used',
    'Your account is disabled, or it does not exist in this organization. An administrator of your organization can help.',
  ),
  device_not_compliant: byAdministrator(
    'This device is not accepted',
    'Your organization accepts only devices that it manages or that meet its requirements. Use such a device, or ask your IT support to set up this one.',
  ),
  blocked_by_policy: byAdministrator(
    'Your organization blocks this access',
    'A policy of your organization blocks this access. An administrator of your organization can explain what it requires.',
  ),
  not_assigned: byAdministrator(
    'You are not assigned to this app',
    'Your account is not assigned to this app. An administrator of your organization can assign it.',
  ),
  claims_challenge: byUser(
    'Your organization requires another check',
    'A policy of your organization requires another check of your sign-in. Sign in again to complete it.',
  ),
  continuous_access_evaluation: byUser(
    'Your access has to be confirmed',
    'Microsoft no longer accepts the current access, for example because your account or your network has changed. Sign in again.',
  ),
  refresh_token_expired: byUser(
    'Your sign-in has expired',
    'You have not used this app for a while, or your organization requires you to sign in again from time to time. Sign in again.',
  ),
  refresh_token_revoked: byUser(
    'Your sign-in was revoked',
    'Your sign-in was revoked, because your password changed or because you or an administrator ended your sessions. Sign in again.',
  ),
  sign_in_required: byUser('Sign in again to continue', 'Microsoft requires a new sign-in.'),
  recent_sign_in_required: byUser('Sign in again to continue', 'This requires a recent sign-in.'),
  stronger_sign_in_required: byUser(
    'Sign in again to continue',
    'Your organization requires a stronger sign-in for this.',
  ),
};
