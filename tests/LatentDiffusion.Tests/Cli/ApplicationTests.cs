using System.CommandLine;
using System.Runtime.InteropServices;
using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Errors;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class ApplicationTests
{
    [Fact]
    public async Task A_users_mistake_is_one_line_and_exits_with_2()
    {
        var (exitCode, errors) = await RunAsync(_ => throw new UserInputException("size 7: use a multiple of 8."));

        Assert.Equal(2, exitCode);
        Assert.Equal("ldm try: size 7: use a multiple of 8.", errors);
    }

    [Fact]
    public async Task A_failure_is_one_line_and_exits_with_1()
    {
        var (exitCode, errors) = await RunAsync(_ => throw new IOException("The disk is full.\n   at native code"));

        Assert.Equal(1, exitCode);
        Assert.Equal("ldm try: The disk is full.", errors);
    }

    [Fact]
    public async Task A_programming_error_names_its_type_and_exits_with_1()
    {
        var (exitCode, errors) = await RunAsync(_ => throw new InvalidOperationException("No."));

        Assert.Equal(1, exitCode);
        Assert.StartsWith("ldm try: No. (InvalidOperationException;", errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', errors);
    }

    [Fact]
    public async Task The_verbs_exit_code_is_the_programs()
    {
        var (exitCode, errors) = await RunAsync(_ => 1);

        Assert.Equal(1, exitCode);
        Assert.Empty(errors);
    }

    [Fact]
    public async Task Common_options_reach_the_verb_before_and_after_its_name()
    {
        VerbContext? seen = null;
        await RunAsync(context => Remember(context, out seen), "--seed", "-5", "try", "--threads", "3");

        Assert.Equal(-5, seen!.Seed);
        Assert.Equal(3, seen.Threads);
        Assert.Equal(DeviceChoice.Cpu, seen.Device);
    }

    [Fact]
    public async Task A_misspelt_option_is_not_swallowed_by_a_list_of_arguments()
    {
        var (exitCode, errors) = await RunAsync(_ => 0, "try", "a=1", "--sede", "5");

        Assert.Equal(2, exitCode);
        Assert.Equal("ldm try: unknown option '--sede'; did you mean '--seed'? See 'ldm try --help'.", errors);
    }

    [Fact]
    public async Task Arguments_may_look_like_options_after_a_double_dash_and_like_files_anywhere()
    {
        VerbContext? seen = null;
        var (exitCode, _) = await RunAsync(context => Remember(context, out seen), "try", "@a", "-1", "--", "--b");

        Assert.Equal(0, exitCode);
        Assert.Equal(["@a", "-1", "--b"], seen!.Arguments.GetValue<string[]>("WORDS")!);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT, 130)]
    [InlineData(PosixSignal.SIGTERM, 143)]
    public void The_first_signal_cancels_and_the_second_is_left_to_end_the_process(PosixSignal signal, int exitCode)
    {
        using var interruption = new Interruption();

        Assert.True(interruption.Answer(signal));
        Assert.True(interruption.Token.IsCancellationRequested);
        Assert.Equal(exitCode, interruption.ExitCode);
        Assert.False(interruption.Answer(signal));
    }

    private static int Remember(VerbContext context, out VerbContext seen)
    {
        seen = context;
        return 0;
    }

    private static async Task<(int ExitCode, string Errors)> RunAsync(Func<VerbContext, int> body, params string[] args)
    {
        var errors = new StringWriter();
        var application = new Application([new TryVerb(body)], errors);
        var exitCode = await application.RunAsync(args.Length == 0 ? ["try"] : args);
        return (exitCode, errors.ToString().TrimEnd());
    }

    private sealed class TryVerb : Verb
    {
        private readonly Func<VerbContext, int> _body;

        public TryVerb(Func<VerbContext, int> body)
            : base("try", "A verb for tests", "ldm try")
        {
            _body = body;
            Arguments.Add(new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore });
        }

        public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation) =>
            Task.FromResult(_body(context));
    }
}
