import type { Catalogue } from './english.ts';

const texts: Catalogue = {
  'action.back': 'Retour à l’application',
  'action.back_to': 'Retour à {app}',
  'action.open': 'Ouvrir l’application',
  'action.open_app': 'Ouvrir {app}',
  'action.continue': 'Continuer',
  'action.try_again': 'Réessayer',
  'action.sign_in': 'Se connecter',
  'action.sign_in_again': 'Se reconnecter',
  'action.other_account': 'Utiliser un autre compte',
  'action.close_window': 'Fermer cette fenêtre',
  'action.sign_out': 'Se déconnecter',
  'action.stay_signed_in': 'Rester connecté',
  'action.sign_out_of_microsoft': 'Se déconnecter aussi de Microsoft',
  'label.code': 'Code',
  'label.status': 'Code d’état',
  'label.reference': 'Référence',
  'label.administrator_link': 'Lien pour votre administrateur',

  'bounce.title': 'Un instant',
  'popup.title': 'Terminé',
  'popup.text': 'Vous pouvez fermer cette fenêtre et continuer dans l’application.',
  'start.title': 'Aucune page ici',
  'start.heading': 'Le service de connexion fonctionne',
  'start.text':
    'Il n’y a pas de page à cette adresse. Demandez à l’administrateur de l’application quelle adresse ouvrir.',
  'sign_out.title': 'Se déconnecter',
  'sign_out.heading': 'Se déconnecter\u00a0?',
  'sign_out.text': 'Vous êtes connecté en tant que {name}.',
  'signed_out.title': 'Déconnecté',
  'signed_out.heading': 'Vous êtes déconnecté',
  'signed_out.text': 'Vous n’êtes plus connecté à cette application dans ce navigateur.',
  'sign_out_pending.title': 'Déconnexion inachevée',
  'sign_out_pending.heading': 'Déconnecté dans ce navigateur, pas encore sur le serveur',
  'sign_out_pending.text':
    'Le stockage des sessions n’est pas disponible. Votre session sera supprimée à votre prochaine visite sur ce site ou à son expiration.',
  'approval.granted.title': 'Approuvé',
  'approval.granted.text':
    'Les utilisateurs de votre organisation disposent maintenant de ces autorisations. Ceux qui attendent peuvent réessayer dans l’application.',
  'approval.refused.title': 'Non approuvé',
  'approval.refused.text':
    'Les autorisations n’ont pas été accordées. L’application reste utilisable sans elles.',
  'download.title': 'Impossible de charger le fichier',
  'download.forbidden': 'Votre compte ne permet pas de l’ouvrir.',
  'download.missing': 'Il n’existe plus ou a été déplacé.',
  'download.busy': 'Trop de fichiers sont en cours de chargement. Réessayez dans une minute.',
  'download.failed': 'Le serveur qui contient le fichier a renvoyé une erreur. Réessayez plus tard.',
  'two_cookies.title': 'Ce navigateur a envoyé deux cookies de connexion',

  'no_access.text': 'Votre compte n’a pas ce que cette page exige\u00a0:',
  'no_access.any_of': 'Cette page exige l’un de ces éléments, et votre compte n’en a aucun\u00a0:',
  'no_access.registration':
    'Il manque à l’inscription de cette application un élément que cette page exige\u00a0:',
  'no_access.roles': 'Rôle d’application\u00a0: {values}',
  'no_access.groups': 'Appartenance à un groupe\u00a0: {values}',
  'no_access.tenants': 'Compte de l’organisation\u00a0: {values}',
  'no_access.claim': 'Revendication facultative dans les jetons d’ID\u00a0: {values}',
  'no_access.assign_role':
    'Un administrateur de votre organisation peut l’attribuer dans le centre d’administration Microsoft Entra, sous «\u00a0Applications d’entreprise\u00a0», cette application, «\u00a0Utilisateurs et groupes\u00a0». Le changement prend effet en quelques minutes.',
  'no_access.ask': 'Demandez de l’aide à un administrateur de votre organisation.',

  'sign_in.consent_declined.title': 'Autorisation refusée',
  'sign_in.consent_declined.text':
    'Vous avez refusé les autorisations demandées par l’application. Rien n’a été partagé. Vous pouvez continuer sans elles ou réessayer.',
  'sign_in.consent_declined.signed_out':
    'Vous avez refusé les autorisations dont l’application a besoin pour vous connecter. Vous n’êtes pas connecté.',
  'sign_in.login_canceled.title': 'Connexion annulée',
  'sign_in.login_canceled.text': 'Vous êtes revenu en arrière avant la fin de la connexion. Rien n’a changé.',
  'sign_in.admin_consent_required.title': 'Approbation d’un administrateur requise',
  'sign_in.admin_consent_required.text':
    'Dans votre organisation, seuls les administrateurs peuvent accorder ces autorisations. Envoyez le lien ci-dessous à votre administrateur, sauf si vous avez déjà demandé son approbation. Vous pouvez continuer sans les autorisations.',
  'sign_in.admin_consent_required.signed_out':
    'Dans votre organisation, seuls les administrateurs peuvent accorder ces autorisations. Envoyez le lien ci-dessous à votre administrateur, sauf si vous avez déjà demandé son approbation. Vous n’êtes pas connecté.',
  'sign_in.login_required.title': 'Connectez-vous pour continuer',
  'sign_in.login_required.text': 'Microsoft n’a pas pu vous connecter sans intervention de votre part.',
  'sign_in.sign_in_service_unavailable.title': 'La connexion est momentanément indisponible',
  'sign_in.sign_in_service_unavailable.text':
    'Microsoft ou ce service n’a pas pu terminer la connexion. Rien n’a changé. Réessayez dans un instant.',
  'sign_in.registration_invalid.title': 'Cette application n’est pas configurée correctement',
  'sign_in.registration_invalid.text':
    'Un administrateur de cette application doit corriger sa configuration.',
  'sign_in.signed_out_meanwhile.title': 'Vous avez été déconnecté',
  'sign_in.signed_out_meanwhile.text':
    'Vos sessions ont été fermées juste avant ou pendant votre connexion. Connectez-vous de nouveau.',
  'sign_in.other_account.title': 'Compte différent',
  'sign_in.other_account.text':
    'Vous êtes toujours connecté à cette application avec votre compte précédent. Réessayez avec ce compte, ou déconnectez-vous d’abord de l’application pour utiliser l’autre.',
  'sign_in.other_account_by_link.title': 'Vous êtes connecté avec un autre compte',
  'sign_in.other_account_by_link.text':
    'Une connexion avec un compte différent a été lancée, peut-être par un lien. Rien n’a changé et vous êtes toujours connecté. Ne continuez avec l’autre compte que si vous l’avez voulu.',
  'sign_in.fewer_permissions.title': 'Il manque des autorisations',
  'sign_in.fewer_permissions.text':
    'Microsoft a accordé moins d’autorisations que l’application n’en a demandé. La connexion n’a pas abouti. Réessayez ou continuez sans les autorisations.',
  'sign_in.fewer_permissions.signed_out':
    'Microsoft a accordé moins d’autorisations qu’il n’en faut à l’application pour vous connecter. Vous n’êtes pas connecté.',
  'sign_in.took_too_long.title': 'La connexion a pris trop de temps',
  'sign_in.took_too_long.text': 'Une connexion doit être terminée dans les 15 minutes. Rien n’a changé.',
  'sign_in.sign_in_refused.title': 'La connexion n’a pas été acceptée',
  'sign_in.sign_in_refused.text':
    'Rien n’a changé. Si un nouvel essai n’aide pas, communiquez la référence ci-dessous à votre support.',
  'sign_in.ended.title': 'Vous n’êtes pas connecté',
  'sign_in.ended.text':
    'Cette connexion est déjà terminée et vous n’êtes plus connecté. Connectez-vous de nouveau pour continuer.',

  'session.not_signed_in.text': 'Personne n’est connecté dans ce navigateur.',
  'session.session_idle.text': 'La session est restée trop longtemps inutilisée et a pris fin.',
  'session.session_expired.text': 'La session a atteint sa durée maximale.',
  'session.session_ended.text': 'La session a été fermée.',
  'session.cookie_sent_twice.text':
    'Ce navigateur a envoyé deux fois un cookie de connexion de ce service. Un seul des deux peut être authentique\u00a0: aucun n’a donc été utilisé et rien n’a changé. Supprimez les cookies de ce site dans votre navigateur, puis reconnectez-vous.',

  'reason.consent_required.title': 'Votre autorisation est nécessaire',
  'reason.consent_required.text': 'Cette application a besoin de votre autorisation pour continuer.',
  'reason.admin_consent_required.title': 'Approbation d’un administrateur requise',
  'reason.admin_consent_required.text':
    'Seul un administrateur de votre organisation peut accorder une autorisation dont cette application a besoin.',
  'reason.two_factor_required.title': 'Authentification multifacteur requise',
  'reason.two_factor_required.text':
    'Votre organisation exige l’authentification multifacteur. Reconnectez-vous avec votre second facteur.',
  'reason.password_expired.title': 'Votre mot de passe a expiré',
  'reason.password_expired.text':
    'Votre mot de passe a expiré ou doit être changé. Reconnectez-vous pour en définir un nouveau.',
  'reason.account_disabled.title': 'Votre compte ne peut pas être utilisé',
  'reason.account_disabled.text':
    'Votre compte est désactivé ou n’existe pas dans cette organisation. Un administrateur de votre organisation peut vous aider.',
  'reason.device_not_compliant.title': 'Cet appareil n’est pas accepté',
  'reason.device_not_compliant.text':
    'Votre organisation n’accepte que les appareils qu’elle gère ou qui répondent à ses exigences. Utilisez un tel appareil, ou demandez à votre support informatique de configurer celui-ci.',
  'reason.blocked_by_policy.title': 'Votre organisation bloque cet accès',
  'reason.blocked_by_policy.text':
    'Une stratégie de votre organisation bloque cet accès. Un administrateur de votre organisation peut expliquer ce qu’elle exige.',
  'reason.not_assigned.title': 'Cette application ne vous est pas attribuée',
  'reason.not_assigned.text':
    'Votre compte n’est pas affecté à cette application. Un administrateur de votre organisation peut l’y affecter.',
  'reason.claims_challenge.title': 'Votre organisation exige une vérification supplémentaire',
  'reason.claims_challenge.text':
    'Une stratégie de votre organisation exige une autre vérification de votre connexion. Reconnectez-vous pour l’effectuer.',
  'reason.continuous_access_evaluation.title': 'Votre accès doit être confirmé',
  'reason.continuous_access_evaluation.text':
    'Microsoft n’accepte plus l’accès actuel, par exemple parce que votre compte ou votre réseau a changé. Reconnectez-vous.',
  'reason.refresh_token_expired.title': 'Votre connexion a expiré',
  'reason.refresh_token_expired.text':
    'Vous n’avez pas utilisé cette application depuis un moment, ou votre organisation exige une nouvelle connexion de temps en temps. Reconnectez-vous.',
  'reason.refresh_token_revoked.title': 'Votre connexion a été révoquée',
  'reason.refresh_token_revoked.text':
    'Votre connexion a été révoquée, parce que votre mot de passe a changé ou que vous ou un administrateur avez fermé vos sessions. Reconnectez-vous.',
  'reason.sign_in_required.title': 'Reconnectez-vous pour continuer',
  'reason.sign_in_required.text': 'Microsoft exige une nouvelle connexion.',
  'reason.recent_sign_in_required.title': 'Reconnectez-vous pour continuer',
  'reason.recent_sign_in_required.text': 'Cette action exige une connexion récente.',
  'reason.stronger_sign_in_required.title': 'Reconnectez-vous pour continuer',
  'reason.stronger_sign_in_required.text': 'Votre organisation exige ici une authentification plus forte.',

  'problem.request_invalid.title': 'Requête non valide',
  'problem.request_invalid.text':
    'L’adresse ou le formulaire contient une valeur que ce service n’accepte pas.',
  'problem.login_transaction_invalid.title': 'Cette connexion ne peut pas aboutir',
  'problem.login_transaction_invalid.text':
    'Cette connexion a été lancée dans un autre navigateur, a pris trop de temps, est déjà terminée ou a reçu une réponse non valide. Recommencez.',
  'problem.session_required.title': 'Connexion requise',
  'problem.session_required.text': 'Connectez-vous pour continuer.',
  'problem.interaction_required.title': 'Action requise',
  'problem.interaction_required.text': 'Reconnectez-vous pour continuer.',
  'problem.authorization_denied.title': 'Connexion refusée',
  'problem.authorization_denied.text': 'Vous n’avez pas été connecté. Réessayez.',
  'problem.consent_declined.title': 'Autorisation refusée',
  'problem.consent_declined.text':
    'Les autorisations pour cette fonction ont été refusées. Vous pouvez continuer sans la fonction ou réessayer.',
  'problem.admin_consent_required.title': 'Approbation d’un administrateur requise',
  'problem.admin_consent_required.text':
    'Un administrateur de votre organisation doit accorder les autorisations pour cette fonction.',
  'problem.claim_required.title': 'Vous n’avez pas accès',
  'problem.claim_required.text': 'Votre compte ne permet pas d’ouvrir cette page.',
  'problem.directory_role_required.title': 'Vos rôles dans Microsoft Entra ID ne le permettent pas',
  'problem.directory_role_required.text': 'Vos rôles dans votre organisation ne suffisent pas.',
  'problem.cross_site_request.title': 'Requête d’un autre site bloquée',
  'problem.cross_site_request.text': 'La requête venait d’un autre site et n’a pas été exécutée.',
  'problem.path_not_allowed.title': 'Les règles de l’application n’autorisent pas cet appel',
  'problem.path_not_allowed.text': 'Cette application n’autorise pas cette requête.',
  'problem.not_found.title': 'Page introuvable',
  'problem.not_found.text': 'Vérifiez l’adresse.',
  'problem.method_not_allowed.title': 'Méthode non autorisée',
  'problem.method_not_allowed.text': 'Cette adresse n’accepte pas ce type de requête.',
  'problem.session_changed.title': 'Ce navigateur a maintenant une autre session',
  'problem.session_changed.text':
    'Cette page appartient à une autre session que la session actuelle du navigateur. Rien n’a été fait.',
  'problem.length_required.title': 'Content-Length manquant',
  'problem.length_required.text': 'La requête n’indique pas la longueur de son contenu.',
  'problem.body_too_large.title': 'Contenu de la requête trop volumineux',
  'problem.body_too_large.text': 'La requête contient plus de données que permis.',
  'problem.content_type_not_allowed.title': 'Les règles de l’application n’autorisent pas ce type de contenu',
  'problem.content_type_not_allowed.text': 'Cette application n’autorise pas ici de contenu de ce type.',
  'problem.content_encoding_not_allowed.title': 'Envoyez le contenu sans compression',
  'problem.content_encoding_not_allowed.text': 'Le contenu doit être envoyé sans compression.',
  'problem.rate_limited.title': 'Trop de requêtes',
  'problem.rate_limited.text':
    'Trop de requêtes sont venues de ce navigateur ou de ce réseau en peu de temps. Patientez un instant.',
  'problem.internal_error.title': 'Une erreur s’est produite',
  'problem.internal_error.text': 'Le service n’a pas pu traiter la requête. Réessayez plus tard.',
  'problem.upstream_unreachable.title': 'L’API n’a pas pu être jointe',
  'problem.upstream_unreachable.text':
    'Le service derrière cette application n’a pas pu être joint. Réessayez plus tard.',
  'problem.upstream_answer_refused.title': 'La réponse de l’API a été rejetée',
  'problem.upstream_answer_refused.text':
    'Le service derrière cette application a envoyé une réponse inutilisable.',
  'problem.configuration_invalid.title': 'Ce service n’est pas configuré correctement',
  'problem.configuration_invalid.text':
    'Un paramètre manque ou est incorrect. Le journal du service l’indique.',
  'problem.registration_invalid.title': 'Cette application n’est pas configurée correctement',
  'problem.registration_invalid.text':
    'Un administrateur de cette application doit corriger sa configuration.',
  'problem.sign_in_service_unavailable.title': 'Le service de connexion n’est pas disponible',
  'problem.sign_in_service_unavailable.text':
    'Microsoft ou ce service n’a pas pu terminer la connexion. Rien n’a changé. Réessayez dans un instant.',
  'problem.storage_unavailable.title': 'Le stockage des sessions n’est pas disponible',
  'problem.storage_unavailable.text':
    'Le stockage des sessions n’a pas répondu comme prévu. Aucune donnée n’est perdue et personne n’a été déconnecté.',
  'problem.upstream_unavailable.title': 'L’API n’est pas disponible',
  'problem.upstream_unavailable.text':
    'Le service derrière cette application n’est pas disponible pour le moment. Réessayez plus tard.',
  'problem.upstream_timeout.title': 'L’API a mis trop de temps à répondre',
  'problem.upstream_timeout.text':
    'Le service derrière cette application n’a pas répondu à temps. Réessayez plus tard.',
};

export const french = (): Catalogue => texts;
