package io.cairn.paxexam.jupiter;

import io.cairn.paxexam.jupiter.internal.ContainerSide;
import io.cairn.paxexam.jupiter.internal.DriverSide;
import java.lang.reflect.Method;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;

/**
 * On the driver side: deploys the test class as a Pax Exam probe and replaces every method call by a remote call.
 * In the container (where Jupiter runs again, started by the probe invoker): injects services into the instance.
 */
public final class PaxExamExtension implements BeforeAllCallback, InvocationInterceptor, TestInstancePostProcessor {

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        if (!ContainerSide.active(context.getRequiredTestClass())) {
            DriverSide.open(context);
        }
    }

    @Override
    public void postProcessTestInstance(Object instance, ExtensionContext context) {
        if (ContainerSide.active(context.getRequiredTestClass())) {
            ContainerSide.inject(instance);
        }
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        if (ContainerSide.active(context.getRequiredTestClass())) {
            invocation.proceed();
        } else {
            invocation.skip();
            DriverSide.call(context, method.getExecutable());
        }
    }

    @Override
    public void interceptBeforeAllMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> m, ExtensionContext c) throws Throwable {
        onlyInContainer(invocation, c);
    }

    @Override
    public void interceptBeforeEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> m, ExtensionContext c) throws Throwable {
        onlyInContainer(invocation, c);
    }

    @Override
    public void interceptAfterEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> m, ExtensionContext c) throws Throwable {
        onlyInContainer(invocation, c);
    }

    @Override
    public void interceptAfterAllMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> m, ExtensionContext c) throws Throwable {
        onlyInContainer(invocation, c);
    }

    private static void onlyInContainer(Invocation<Void> invocation, ExtensionContext context) throws Throwable {
        if (ContainerSide.active(context.getRequiredTestClass())) {
            invocation.proceed();
        } else {
            invocation.skip();
        }
    }
}
