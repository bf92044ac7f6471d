package sammyjaeger;

import static sammyjaeger.Manifests.firstOf;
import static sammyjaeger.Manifests.list;

import io.kubernetes.client.openapi.models.V1Capabilities;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1PodSecurityContext;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1SeccompProfile;
import io.kubernetes.client.openapi.models.V1SecurityContext;
import io.kubernetes.client.openapi.models.V1Volume;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Pod Security "restricted", and what it leaves open: a user by number, a root file system that is
 * read-only.
 */
record PodSecurity(Problems problems) {

  void check(String name, V1PodSpec pod) {
    for (Boolean host : Arrays.asList(pod.getHostNetwork(), pod.getHostPID(), pod.getHostIPC())) {
      if (Boolean.TRUE.equals(host)) {
        problems.add("%s: shares a namespace of its host", name);
      }
    }
    for (V1Volume volume : list(pod.getVolumes())) {
      if (volume.getConfigMap() == null
          && volume.getEmptyDir() == null
          && volume.getPersistentVolumeClaim() == null) {
        problems.add("%s: the volume %s is of a kind that is not allowed", name, volume.getName());
      }
    }
    V1PodSecurityContext outer =
        Objects.requireNonNullElseGet(pod.getSecurityContext(), V1PodSecurityContext::new);
    for (V1Container container :
        Stream.of(list(pod.getInitContainers()), list(pod.getContainers()))
            .flatMap(List::stream)
            .toList()) {
      check(name + ": " + container.getName(), outer, container);
    }
  }

  void check(String who, V1PodSecurityContext outer, V1Container container) {
    V1SecurityContext context =
        Objects.requireNonNullElseGet(container.getSecurityContext(), V1SecurityContext::new);
    if (!Boolean.TRUE.equals(firstOf(context.getRunAsNonRoot(), outer.getRunAsNonRoot()))) {
      problems.add("%s: runAsNonRoot is not true", who);
    }
    Long user = firstOf(context.getRunAsUser(), outer.getRunAsUser());
    if (user == null || user == 0) {
      problems.add("%s: runAsUser is %s, not the number of a user other than root", who, user);
    }
    V1SeccompProfile seccomp = firstOf(context.getSeccompProfile(), outer.getSeccompProfile());
    if (seccomp == null || !seccomp.getType().equals("RuntimeDefault")) {
      problems.add("%s: seccompProfile is not RuntimeDefault", who);
    }
    if (!Boolean.FALSE.equals(context.getAllowPrivilegeEscalation())) {
      problems.add("%s: allowPrivilegeEscalation is not false", who);
    }
    if (!Boolean.TRUE.equals(context.getReadOnlyRootFilesystem())) {
      problems.add("%s: its root file system is not read-only", who);
    }
    if (Boolean.TRUE.equals(context.getPrivileged())) {
      problems.add("%s: is privileged", who);
    }
    V1Capabilities capabilities =
        Objects.requireNonNullElseGet(context.getCapabilities(), V1Capabilities::new);
    if (!list(capabilities.getDrop()).contains("ALL") || !list(capabilities.getAdd()).isEmpty()) {
      problems.add("%s: does not drop ALL capabilities", who);
    }
    for (V1ContainerPort port : list(container.getPorts())) {
      if (port.getHostPort() != null) {
        problems.add("%s: takes a port of its host", who);
      }
    }
  }
}
