import type { Catalogue } from './english.ts';

const texts: Catalogue = {
  'action.back': 'Zurück zur App',
  'action.back_to': 'Zurück zu {app}',
  'action.open': 'App öffnen',
  'action.open_app': '{app} öffnen',
  'action.continue': 'Weiter',
  'action.try_again': 'Erneut versuchen',
  'action.sign_in': 'Anmelden',
  'action.sign_in_again': 'Erneut anmelden',
  'action.other_account': 'Anderes Konto verwenden',
  'action.close_window': 'Fenster schließen',
  'action.sign_out': 'Abmelden',
  'action.stay_signed_in': 'Angemeldet bleiben',
  'action.sign_out_of_microsoft': 'Auch bei Microsoft abmelden',
  'label.code': 'Code',
  'label.status': 'Status',
  'label.reference': 'Referenz',
  'label.administrator_link': 'Link für Ihre Administration',

  'bounce.title': 'Einen Moment',
  'popup.title': 'Fertig',
  'popup.text': 'Sie können dieses Fenster schließen und in der App weitermachen.',
  'start.title': 'Hier ist keine Seite',
  'start.heading': 'Der Anmeldedienst läuft',
  'start.text':
    'Unter dieser Adresse gibt es keine Seite. Fragen Sie die Administration der App, welche Adresse Sie öffnen sollen.',
  'sign_out.title': 'Abmelden',
  'sign_out.heading': 'Abmelden?',
  'sign_out.text': 'Sie sind als {name} angemeldet.',
  'signed_out.title': 'Abgemeldet',
  'signed_out.heading': 'Sie sind abgemeldet',
  'signed_out.text': 'Sie sind in diesem Browser nicht mehr bei dieser App angemeldet.',
  'sign_out_pending.title': 'Abmeldung nicht abgeschlossen',
  'sign_out_pending.heading': 'In diesem Browser abgemeldet, auf dem Server noch nicht',
  'sign_out_pending.text':
    'Der Sitzungsspeicher ist nicht verfügbar. Ihre Sitzung wird gelöscht, wenn Sie diese Website das nächste Mal öffnen oder wenn die Sitzung abläuft.',
  'approval.granted.title': 'Genehmigt',
  'approval.granted.text':
    'Die Benutzer Ihrer Organisation können diese Berechtigungen jetzt nutzen. Wer darauf wartet, kann es in der App erneut versuchen.',
  'approval.refused.title': 'Nicht genehmigt',
  'approval.refused.text':
    'Die Berechtigungen wurden nicht erteilt. Die App kann weiter ohne sie genutzt werden.',
  'download.title': 'Die Datei konnte nicht geladen werden',
  'download.forbidden': 'Ihr Konto darf sie nicht öffnen.',
  'download.missing': 'Es gibt sie nicht mehr, oder sie wurde verschoben.',
  'download.busy': 'Zurzeit werden zu viele Dateien geladen. Versuchen Sie es in einer Minute erneut.',
  'download.failed':
    'Der Server, auf dem die Datei liegt, hat einen Fehler gemeldet. Versuchen Sie es später erneut.',
  'two_cookies.title': 'Dieser Browser hat zwei Anmelde-Cookies gesendet',

  'no_access.text': 'Ihrem Konto fehlt, was diese Seite verlangt:',
  'no_access.any_of': 'Diese Seite verlangt eines davon, und Ihr Konto hat keines:',
  'no_access.registration': 'Der Registrierung dieser App fehlt etwas, das diese Seite verlangt:',
  'no_access.roles': 'App-Rolle: {values}',
  'no_access.groups': 'Mitgliedschaft in einer Gruppe: {values}',
  'no_access.tenants': 'Konto der Organisation: {values}',
  'no_access.claim': 'Optionaler Anspruch in ID-Token: {values}',
  'no_access.assign_role':
    'Die Administration Ihrer Organisation kann sie im Microsoft Entra Admin Center zuweisen, unter „Unternehmensanwendungen“, dieser App, „Benutzer und Gruppen“. Die Änderung wirkt nach wenigen Minuten.',
  'no_access.ask': 'Bitten Sie die Administration Ihrer Organisation um Hilfe.',

  'sign_in.consent_declined.title': 'Berechtigung abgelehnt',
  'sign_in.consent_declined.text':
    'Sie haben die Berechtigungen abgelehnt, um die die App gebeten hat. Es wurde nichts freigegeben. Sie können ohne sie weitermachen oder es erneut versuchen.',
  'sign_in.consent_declined.signed_out':
    'Sie haben die Berechtigungen abgelehnt, die die App für die Anmeldung braucht. Sie sind nicht angemeldet.',
  'sign_in.login_canceled.title': 'Anmeldung abgebrochen',
  'sign_in.login_canceled.text':
    'Sie sind zurückgegangen, bevor die Anmeldung abgeschlossen war. Es hat sich nichts geändert.',
  'sign_in.admin_consent_required.title': 'Genehmigung der Administration erforderlich',
  'sign_in.admin_consent_required.text':
    'In Ihrer Organisation kann nur die Administration diese Berechtigungen erteilen. Senden Sie ihr den Link unten, falls Sie die Genehmigung noch nicht angefordert haben. Sie können ohne die Berechtigungen weitermachen.',
  'sign_in.admin_consent_required.signed_out':
    'In Ihrer Organisation kann nur die Administration diese Berechtigungen erteilen. Senden Sie ihr den Link unten, falls Sie die Genehmigung noch nicht angefordert haben. Sie sind nicht angemeldet.',
  'sign_in.login_required.title': 'Melden Sie sich an, um fortzufahren',
  'sign_in.login_required.text': 'Microsoft konnte Sie nicht ohne Nachfrage anmelden.',
  'sign_in.sign_in_service_unavailable.title': 'Die Anmeldung ist zurzeit nicht möglich',
  'sign_in.sign_in_service_unavailable.text':
    'Microsoft oder dieser Dienst konnte die Anmeldung nicht abschließen. Es hat sich nichts geändert. Versuchen Sie es gleich noch einmal.',
  'sign_in.registration_invalid.title': 'Diese App ist nicht richtig eingerichtet',
  'sign_in.registration_invalid.text': 'Die Administration dieser App muss die Einrichtung korrigieren.',
  'sign_in.signed_out_meanwhile.title': 'Sie wurden abgemeldet',
  'sign_in.signed_out_meanwhile.text':
    'Ihre Sitzungen wurden beendet, kurz bevor oder während Sie sich angemeldet haben. Melden Sie sich erneut an.',
  'sign_in.other_account.title': 'Anderes Konto',
  'sign_in.other_account.text':
    'Sie sind bei dieser App noch mit Ihrem bisherigen Konto angemeldet. Versuchen Sie es mit diesem Konto erneut, oder melden Sie sich zuerst von der App ab, um das andere zu verwenden.',
  'sign_in.other_account_by_link.title': 'Sie sind mit einem anderen Konto angemeldet',
  'sign_in.other_account_by_link.text':
    'Eine Anmeldung mit einem anderen Konto wurde begonnen, vielleicht durch einen Link. Es hat sich nichts geändert, und Sie sind weiter angemeldet. Fahren Sie nur dann mit dem anderen Konto fort, wenn Sie das wollten.',
  'sign_in.fewer_permissions.title': 'Einige Berechtigungen fehlen',
  'sign_in.fewer_permissions.text':
    'Microsoft hat weniger Berechtigungen erteilt, als die App angefordert hat. Die Anmeldung wurde nicht abgeschlossen. Versuchen Sie es erneut, oder machen Sie ohne die Berechtigungen weiter.',
  'sign_in.fewer_permissions.signed_out':
    'Microsoft hat weniger Berechtigungen erteilt, als die App für die Anmeldung braucht. Sie sind nicht angemeldet.',
  'sign_in.took_too_long.title': 'Die Anmeldung hat zu lange gedauert',
  'sign_in.took_too_long.text':
    'Eine Anmeldung muss innerhalb von 15 Minuten abgeschlossen sein. Es hat sich nichts geändert.',
  'sign_in.sign_in_refused.title': 'Die Anmeldung wurde nicht angenommen',
  'sign_in.sign_in_refused.text':
    'Es hat sich nichts geändert. Wenn ein neuer Versuch nicht hilft, geben Sie Ihrem Support die Referenz unten.',
  'sign_in.ended.title': 'Sie sind nicht angemeldet',
  'sign_in.ended.text':
    'Diese Anmeldung ist bereits beendet, und Sie sind nicht mehr angemeldet. Melden Sie sich erneut an, um fortzufahren.',

  'session.not_signed_in.text': 'In diesem Browser ist niemand angemeldet.',
  'session.session_idle.text': 'Die Sitzung wurde zu lange nicht benutzt und ist beendet.',
  'session.session_expired.text': 'Die Sitzung hat ihre Höchstdauer erreicht.',
  'session.session_ended.text': 'Die Sitzung wurde beendet.',
  'session.cookie_sent_twice.text':
    'Dieser Browser hat ein Anmelde-Cookie dieses Dienstes zweimal gesendet. Nur eines davon kann echt sein. Deshalb wurde keines verwendet und nichts geändert. Löschen Sie in Ihrem Browser die Cookies dieser Website, und melden Sie sich dann erneut an.',

  'reason.consent_required.title': 'Ihre Erlaubnis ist nötig',
  'reason.consent_required.text': 'Diese App braucht Ihre Erlaubnis, bevor es weitergehen kann.',
  'reason.admin_consent_required.title': 'Genehmigung der Administration erforderlich',
  'reason.admin_consent_required.text':
    'Nur die Administration Ihrer Organisation kann eine Berechtigung erteilen, die diese App braucht.',
  'reason.two_factor_required.title': 'Mehrstufige Authentifizierung erforderlich',
  'reason.two_factor_required.text':
    'Ihre Organisation verlangt eine mehrstufige Authentifizierung. Melden Sie sich mit Ihrem zweiten Faktor erneut an.',
  'reason.password_expired.title': 'Ihr Kennwort ist abgelaufen',
  'reason.password_expired.text':
    'Ihr Kennwort ist abgelaufen oder muss geändert werden. Melden Sie sich erneut an, um ein neues festzulegen.',
  'reason.account_disabled.title': 'Ihr Konto kann nicht verwendet werden',
  'reason.account_disabled.text':
    'Ihr Konto ist deaktiviert, oder es gibt es in dieser Organisation nicht. Die Administration Ihrer Organisation kann helfen.',
  'reason.device_not_compliant.title': 'Dieses Gerät wird nicht akzeptiert',
  'reason.device_not_compliant.text':
    'Ihre Organisation akzeptiert nur Geräte, die sie verwaltet oder die ihre Anforderungen erfüllen. Verwenden Sie ein solches Gerät, oder bitten Sie Ihren IT-Support, Ihr aktuelles Gerät einzurichten.',
  'reason.blocked_by_policy.title': 'Ihre Organisation blockiert diesen Zugriff',
  'reason.blocked_by_policy.text':
    'Eine Richtlinie Ihrer Organisation blockiert diesen Zugriff. Die Administration Ihrer Organisation kann erklären, was sie verlangt.',
  'reason.not_assigned.title': 'Sie sind dieser App nicht zugewiesen',
  'reason.not_assigned.text':
    'Ihr Konto ist dieser App nicht zugewiesen. Die Administration Ihrer Organisation kann es zuweisen.',
  'reason.claims_challenge.title': 'Ihre Organisation verlangt eine weitere Prüfung',
  'reason.claims_challenge.text':
    'Eine Richtlinie Ihrer Organisation verlangt eine weitere Prüfung Ihrer Anmeldung. Melden Sie sich erneut an, um sie abzuschließen.',
  'reason.continuous_access_evaluation.title': 'Ihr Zugriff muss bestätigt werden',
  'reason.continuous_access_evaluation.text':
    'Microsoft akzeptiert den bisherigen Zugriff nicht mehr, zum Beispiel weil sich Ihr Konto oder Ihr Netzwerk geändert hat. Melden Sie sich erneut an.',
  'reason.refresh_token_expired.title': 'Ihre Anmeldung ist abgelaufen',
  'reason.refresh_token_expired.text':
    'Sie haben diese App länger nicht benutzt, oder Ihre Organisation verlangt von Zeit zu Zeit eine neue Anmeldung. Melden Sie sich erneut an.',
  'reason.refresh_token_revoked.title': 'Ihre Anmeldung wurde widerrufen',
  'reason.refresh_token_revoked.text':
    'Ihre Anmeldung wurde widerrufen, weil sich Ihr Kennwort geändert hat oder weil Sie oder die Administration Ihre Sitzungen beendet haben. Melden Sie sich erneut an.',
  'reason.sign_in_required.title': 'Melden Sie sich erneut an, um fortzufahren',
  'reason.sign_in_required.text': 'Microsoft verlangt eine neue Anmeldung.',
  'reason.recent_sign_in_required.title': 'Melden Sie sich erneut an, um fortzufahren',
  'reason.recent_sign_in_required.text': 'Dafür müssen Sie sich vor Kurzem angemeldet haben.',
  'reason.stronger_sign_in_required.title': 'Melden Sie sich erneut an, um fortzufahren',
  'reason.stronger_sign_in_required.text':
    'Ihre Organisation verlangt dafür eine stärkere Authentifizierung.',

  'problem.request_invalid.title': 'Ungültige Anfrage',
  'problem.request_invalid.text':
    'Die Adresse oder das Formular enthält einen Wert, den dieser Dienst nicht akzeptiert.',
  'problem.login_transaction_invalid.title': 'Diese Anmeldung kann nicht abgeschlossen werden',
  'problem.login_transaction_invalid.text':
    'Diese Anmeldung wurde in einem anderen Browser begonnen, hat zu lange gedauert, ist bereits abgeschlossen oder bekam eine ungültige Antwort. Beginnen Sie neu.',
  'problem.session_required.title': 'Anmeldung erforderlich',
  'problem.session_required.text': 'Melden Sie sich an, um fortzufahren.',
  'problem.interaction_required.title': 'Aktion erforderlich',
  'problem.interaction_required.text': 'Melden Sie sich erneut an, um fortzufahren.',
  'problem.authorization_denied.title': 'Anmeldung verweigert',
  'problem.authorization_denied.text': 'Sie wurden nicht angemeldet. Versuchen Sie es erneut.',
  'problem.consent_declined.title': 'Berechtigung abgelehnt',
  'problem.consent_declined.text':
    'Die Berechtigungen für diese Funktion wurden abgelehnt. Sie können ohne die Funktion weitermachen oder es erneut versuchen.',
  'problem.admin_consent_required.title': 'Genehmigung der Administration erforderlich',
  'problem.admin_consent_required.text':
    'Die Administration Ihrer Organisation muss die Berechtigungen für diese Funktion erteilen.',
  'problem.claim_required.title': 'Sie haben keinen Zugriff',
  'problem.claim_required.text': 'Ihr Konto darf das nicht öffnen.',
  'problem.directory_role_required.title': 'Ihre Rollen in Microsoft Entra ID erlauben das nicht',
  'problem.directory_role_required.text': 'Ihre Rollen in Ihrer Organisation reichen dafür nicht aus.',
  'problem.cross_site_request.title': 'Anfrage einer anderen Website blockiert',
  'problem.cross_site_request.text': 'Die Anfrage kam von einer anderen Website und wurde nicht ausgeführt.',
  'problem.path_not_allowed.title': 'Die Regeln der App erlauben diesen Aufruf nicht',
  'problem.path_not_allowed.text': 'Diese App erlaubt diese Anfrage nicht.',
  'problem.not_found.title': 'Seite nicht gefunden',
  'problem.not_found.text': 'Prüfen Sie die Adresse.',
  'problem.method_not_allowed.title': 'Methode nicht erlaubt',
  'problem.method_not_allowed.text': 'Diese Adresse unterstützt diese Art von Anfrage nicht.',
  'problem.session_changed.title': 'Dieser Browser hat jetzt eine andere Sitzung',
  'problem.session_changed.text':
    'Diese Seite gehört zu einer anderen Sitzung als der aktuellen Sitzung dieses Browsers. Es wurde nichts ausgeführt.',
  'problem.length_required.title': 'Content-Length fehlt',
  'problem.length_required.text': 'Die Anfrage nennt die Länge ihres Inhalts nicht.',
  'problem.body_too_large.title': 'Der Inhalt der Anfrage ist zu groß',
  'problem.body_too_large.text': 'Die Anfrage enthält mehr Daten als erlaubt.',
  'problem.content_type_not_allowed.title': 'Die Regeln der App erlauben diesen Inhaltstyp nicht',
  'problem.content_type_not_allowed.text': 'Diese App erlaubt hier keinen Inhalt dieses Typs.',
  'problem.content_encoding_not_allowed.title': 'Senden Sie den Inhalt unkomprimiert',
  'problem.content_encoding_not_allowed.text': 'Der Inhalt muss ohne Komprimierung gesendet werden.',
  'problem.rate_limited.title': 'Zu viele Anfragen',
  'problem.rate_limited.text':
    'Von diesem Browser oder Netzwerk kamen in kurzer Zeit zu viele Anfragen. Warten Sie einen Moment.',
  'problem.internal_error.title': 'Etwas ist schiefgegangen',
  'problem.internal_error.text':
    'Der Dienst konnte die Anfrage nicht abschließen. Versuchen Sie es später erneut.',
  'problem.upstream_unreachable.title': 'Die API war nicht erreichbar',
  'problem.upstream_unreachable.text':
    'Der Dienst hinter dieser App war nicht erreichbar. Versuchen Sie es später erneut.',
  'problem.upstream_answer_refused.title': 'Die Antwort der API wurde verworfen',
  'problem.upstream_answer_refused.text':
    'Der Dienst hinter dieser App hat eine Antwort gesendet, die nicht verwendet werden kann.',
  'problem.configuration_invalid.title': 'Dieser Dienst ist nicht richtig konfiguriert',
  'problem.configuration_invalid.text':
    'Eine Einstellung fehlt oder ist falsch. Das Protokoll des Dienstes nennt sie.',
  'problem.registration_invalid.title': 'Diese App ist nicht richtig eingerichtet',
  'problem.registration_invalid.text': 'Die Administration dieser App muss die Einrichtung korrigieren.',
  'problem.sign_in_service_unavailable.title': 'Der Anmeldedienst ist nicht verfügbar',
  'problem.sign_in_service_unavailable.text':
    'Microsoft oder dieser Dienst konnte die Anmeldung nicht abschließen. Es hat sich nichts geändert. Versuchen Sie es gleich noch einmal.',
  'problem.storage_unavailable.title': 'Der Sitzungsspeicher ist nicht verfügbar',
  'problem.storage_unavailable.text':
    'Der Sitzungsspeicher hat nicht wie erwartet geantwortet. Es sind keine Daten verloren, und niemand wurde abgemeldet.',
  'problem.upstream_unavailable.title': 'Die API ist nicht verfügbar',
  'problem.upstream_unavailable.text':
    'Der Dienst hinter dieser App ist zurzeit nicht verfügbar. Versuchen Sie es später erneut.',
  'problem.upstream_timeout.title': 'Die API hat zu lange gebraucht',
  'problem.upstream_timeout.text':
    'Der Dienst hinter dieser App hat nicht rechtzeitig geantwortet. Versuchen Sie es später erneut.',
};

export const german = (): Catalogue => texts;
