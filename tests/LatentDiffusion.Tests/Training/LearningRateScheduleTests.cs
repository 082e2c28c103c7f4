using LatentDiffusion.Configuration;
using LatentDiffusion.Training.Optimization;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>Factors on the learning rate; the numbers are the reference's.</summary>
public sealed class LearningRateScheduleTests
{
    private static readonly LambdaLinearScheduleConfig Churches = new()
    {
        WarmUpSteps = [10_000],
        FStart = [1e-6],
        FMin = [1],
        FMax = [1],
        CycleLengths = [10_000_000_000_000],
    };

    private static readonly LambdaLinearScheduleConfig TwoCycles = new()
    {
        WarmUpSteps = [10, 0],
        FStart = [0, 0.3],
        FMin = [0.2, 0.1],
        FMax = [1, 0.5],
        CycleLengths = [100, 50],
    };

    [Theory]
    [InlineData(0, 0.001)]
    [InlineData(500, 0.0505)]
    [InlineData(1000, 0.1)]
    [InlineData(25_500, 0.05005)]
    [InlineData(50_000, 1e-4)]
    [InlineData(1_000_000, 1e-4)]
    public void Cosine_equals_the_reference(long step, double factor)
    {
        var schedule = new CosineScheduleConfig
        {
            WarmUpSteps = 1000,
            LrMin = 1e-4,
            LrMax = 0.1,
            LrStart = 1e-3,
            MaxDecaySteps = 50_000,
        };

        Assert.Equal(factor, schedule.FactorAt(step), 1e-12);
    }

    [Theory]
    [InlineData(0, 1e-6)]
    [InlineData(5000, 0.5000005)]
    [InlineData(10_000, 1)]
    [InlineData(1_000_000_000, 1)]
    public void Linear_warm_up_of_the_churches_equals_the_reference(long step, double factor) =>
        Assert.Equal(factor, Churches.FactorAt(step), 1e-12);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0.5)]
    // The fall is reckoned from the cycle's start.
    [InlineData(10, 0.2 + 0.8 * 0.9)]
    [InlineData(100, 0.2)]
    [InlineData(101, 0.1 + 0.4 * 49 / 50)]
    [InlineData(150, 0.1)]
    [InlineData(1000, 0.1)]
    public void Cycles_follow_each_other(long step, double factor) =>
        Assert.Equal(factor, TwoCycles.FactorAt(step), 1e-12);

    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    public void A_plain_warm_up_grows_to_one(long step, double factor) =>
        Assert.Equal(factor, new LinearWarmupScheduleConfig { Steps = 4 }.FactorAt(step));

    [Fact]
    public void Factor_and_images_per_step_multiply_the_learning_rate()
    {
        var config = new OptimizerConfig
        {
            LearningRate = 4.5e-6,
            Schedule = new LinearWarmupScheduleConfig { Steps = 2 },
        };

        Assert.Equal(4.5e-6 / 2, config.LearningRateAt(0, samplesPerStep: 16));
        Assert.Equal(7.2e-5 / 2, (config with { ScaleLearningRate = true }).LearningRateAt(0, 16), 1e-15);
        Assert.Equal(4.5e-6, (config with { Schedule = null }).LearningRateAt(0, 16));
        Assert.Equal(4.5e-6, (config with { Schedule = new ConstantScheduleConfig() }).LearningRateAt(7, 16));
    }

    [Fact]
    public void A_schedule_is_read_from_a_file()
    {
        const string Yaml = """
            learning_rate: 1.0e-4
            schedule:
              kind: lambda_linear
              warm_up_steps: [10000]
              f_start: [1.0e-6]
              f_min: [1.0]
              f_max: [1.0]
              cycle_lengths: [10000000000000]
            """;

        var config = ConfigDocument.Parse(Yaml, "test").Bind<OptimizerConfig>();

        Assert.Equal(0.5000005e-4, config.LearningRateAt(5000, samplesPerStep: 3), 1e-15);
    }

    [Theory]
    [InlineData(
        "{kind: lambda_linear, warm_up_steps: [1, 2], f_start: [0], f_min: [0], f_max: [1], cycle_lengths: [9]}",
        "warm_up_steps is [1, 2]: must have as many items"
    )]
    [InlineData(
        "{kind: lambda_linear, warm_up_steps: [], f_start: [], f_min: [], f_max: [], cycle_lengths: []}",
        "at least one"
    )]
    [InlineData(
        "{kind: cosine, warm_up_steps: 5, lr_start: 0, lr_min: 0, lr_max: 1, max_decay_steps: 5}",
        "must be greater than warm_up_steps, 5"
    )]
    public void A_schedule_that_cannot_be_is_refused(string schedule, string message)
    {
        var document = ConfigDocument.Parse($"learning_rate: 1.0\nschedule: {schedule}", "test");

        var error = Assert.ThrowsAny<Exception>(() => document.Bind<OptimizerConfig>());

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
