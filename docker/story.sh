#!/bin/bash
# docker/story.sh
#
# Tells the story of the demo forest that runs as the compose project COMPOSE_PROJECT_NAME (default: docker, the name that `docker
# compose -f docker/compose.yaml up` gives it). Waits until it is healthy, then shows every system of delegation, then six lessons. Each
# lesson changes one thing, shows which steps of getting a ticket are different, and takes the change back. Each step prints a line,
# "pass" or "FAILED" with the reason. Exit status 0 only if all held.
set -uo pipefail
case ${1:-} in
  -h | --help)
    sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"
    exit 0
    ;;
esac
project=${COMPOSE_PROJECT_NAME:-docker}
patience=${STORY_PATIENCE:-180}  # seconds until everything must be healthy

container() {
  docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1" | head -n 1
}
wait_healthy() { # SERVICE...: until all of them are
  local service id state deadline=$((SECONDS + patience))
  for service in "$@"; do
    while true; do
      id=$(container "$service")
      state=$([ -z "$id" ] || docker inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}no healthcheck{{end}}' "$id" 2>/dev/null)
      [ "$state" != healthy ] || break
      if [ $SECONDS -ge $deadline ]; then
        echo "story: $service of project $project is not healthy: ${state:-no such container}" >&2
        return 1
      fi
      sleep 0.5
    done
  done
}

failed=()
part=
story() { docker exec "$workstation" python3 /opt/stead/samples/story.py "$@" || failed+=("${part:+$part: }$*"); }
lesson() {
  part=$1
  printf '\nLesson: %s.\n' "$1"
}
act() { # DESCRIPTION COMMAND...
  echo "          $1"
  shift
  "$@" >/dev/null || failed+=("$part: $*")
}
raise() { # SERVICE CONTROLLER LEVEL
  story level "$2" "$3"
  act "$2 now has level $3, and is restarted" docker restart -t 5 "$(container "$1")"
  wait_healthy "$1" || failed+=("$part: $1 after its restart")
}

wait_healthy router dns-fabrikam dns-contoso dc08-root dc12-root dc16-emea dc08-corp dc12-corp dc22-sales reports ledger backend orders \
  proxy-a proxy-b balancer app database workstation || exit 1
workstation=$(container workstation)
router=$(container router)
run=$(date +%s)

# At the end, also after a failure, nothing stays paused, cut or changed.
paused=
changed=  # the command that takes the current change back
take_back() {
  $changed
  changed=
}
restore() {
  {
    [ -z "$paused" ] || docker unpause "$paused"
    docker exec "$router" router join 1 3
    take_back
  } >/dev/null 2>&1
}
trap restore EXIT
trap 'exit 1' INT TERM HUP

part=systems
story systems

lesson "raise a domain controller's level"
story before raise
changed="raise dc08-root dc08.root.fabrikam.com 2008R2"
raise dc08-root dc08.root.fabrikam.com 2012
story after raise
take_back

lesson "pause domain controllers: one of two, then the only one of 2012 level"
paused=$(container dc12-root)
act "dc12.root.fabrikam.com is paused; dc08.root.fabrikam.com is left" docker pause "$paused"
story visit /reports/ 200
act "dc12.root.fabrikam.com continues" docker unpause "$paused"
paused=
story before pause
story before another
story each "held$run" /backend/
paused=$(container dc12-corp)
act "dc12.corp.contoso.com is paused" docker pause "$paused"
story after pause
story refused /backend/ 503 dc12.corp.contoso.com dc08.corp.contoso.com
story each "held$run" /backend/
changed="raise dc08-corp dc08.corp.contoso.com 2008R2"
raise dc08-corp dc08.corp.contoso.com 2012
story after another
story visit /backend/ 200
act "dc12.corp.contoso.com continues" docker unpause "$paused"
paused=
take_back

lesson "cut the network between the forests"
story before cut
act "no line between root.fabrikam.com and corp.contoso.com" docker exec "$router" router cut 1 3
story after cut
story visit /reports/ 200 "cut$run"
story again "cut$run" /backend/ 503
act "the line is back; nothing is restarted" docker exec "$router" router join 1 3
story again "cut$run" /backend/ 200

lesson "rotate the key of a back end"
story before rotate
story kvno HTTP/backend.corp.contoso.com kept
changed="story keytab backend\$@CORP.CONTOSO.COM /srv/keys/backend/service.keytab"
story directory Set-ADAccountPassword 'backend$' -Server CORP.CONTOSO.COM -Reset -NewPassword "rotated $run"
story kvno HTTP/backend.corp.contoso.com next
story after rotate
story visit /backend/ 502 "rotated$run"
echo "          the new key is added to the back end's keytab, beside the old one"
take_back
story again "rotated$run" /backend/ 200

lesson "mark a user sensitive"
story before sensitive
changed="story directory Set-ADAccountControl bob -Server ROOT.FABRIKAM.COM -AccountNotDelegated \$false"
story directory Set-ADAccountControl bob -Server ROOT.FABRIKAM.COM -AccountNotDelegated '$true'
story after sensitive
take_back

lesson "remove the back end's permission, and restore it as the diagnosis says"
story before rbcd
changed="story directory Set-ADComputer backend$ -Server CORP.CONTOSO.COM -PrincipalsAllowedToDelegateToAccount ROOT\\frontend$"
story directory Set-ADComputer 'backend$' -Server CORP.CONTOSO.COM -PrincipalsAllowedToDelegateToAccount '$null'
story after rbcd
story before fixed
story fix rbcd
changed=
story after fixed

part="everything as before"
printf '\nEverything is as it was.\n'
story each "last$run" /reports/ /ledger/ /backend/ /orders/

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nstory: %s did not hold:\n' "${#failed[@]}"
  printf '  %s\n' "${failed[@]}"
  exit 1
fi
printf '\nstory: every step held\n'
