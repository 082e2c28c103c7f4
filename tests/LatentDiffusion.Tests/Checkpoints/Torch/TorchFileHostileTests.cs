using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

/// <summary>Pickles made to run code, or to use up the machine: they are refused or do nothing.</summary>
public sealed class TorchFileHostileTests : IDisposable
{
    private const long MostAllocated = 48 << 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "getattr")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_tensor_v3")]
    public void A_call_of_anything_else_is_a_stub(string module, string name)
    {
        var trace = _folder["trace"];
        var pickle = new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("evil")
            .Global(module, name)
            .Text($"touch {trace}")
            .Op(0x85)
            .Op('R')
            .Text("evil2")
            .Global(module, name)
            .Text($"touch {trace}")
            .Op(0x85, 0x81)
            .Op('}')
            .Op('b')
            .Text("evil3")
            .Op('(')
            .Global(module, name)
            .Text($"touch {trace}")
            .Op('o')
            .Text("weight")
            .Tensor("0", 1, [1], [1])
            .Op('u')
            .Stop();
        using var file = TorchSamples.Open(_folder, TorchSamples.Zip(pickle, ("data/0", TorchSamples.Floats(1))));

        Assert.Equal([$"{module}.{name}"], file.Stubs);
        Assert.Equal(["weight"], file.Tensors.Keys);
        Assert.Empty(file.Values);
        Assert.False(File.Exists(trace));
    }

    [Fact]
    public void A_whole_object_instead_of_a_dictionary_is_named()
    {
        var pickle = new PickleWriter().Global("os", "system").Text("true").Op(0x85).Op('R').Stop();
        Refused(TorchSamples.Zip(pickle), "an object of 'os.system'");
        Refused(TorchSamples.Zip(new PickleWriter().Op(']').Stop()), "a plain value");
    }

    [Fact]
    public void A_storage_of_an_unknown_type_leaves_the_tensor_out()
    {
        var pickle = Saved(w => w.Tensor("0", 1, [1], [1], type: "QInt8Storage"));
        using var file = TorchSamples.Open(_folder, TorchSamples.Zip(pickle, ("data/0", TorchSamples.Floats(1))));
        Assert.Empty(file.Tensors);
        Assert.Equal(["torch.QInt8Storage"], file.Stubs);
    }

    [Fact]
    public void A_long_number_a_text_and_bytes_may_not_claim_more_than_there_is()
    {
        Refused(Claiming('X', 2_000_000_000), "2000000000 bytes are claimed where 1 are left");
        Refused(Claiming('X', -1), "4294967295 bytes are claimed");
        Refused(Claiming('B', int.MaxValue), "bytes are claimed");
        Refused(Claiming('T', int.MaxValue), "bytes are claimed");
        Refused(Claiming('\x8b', int.MaxValue), "a number of 2147483647 bytes");
        foreach (var wide in new byte[] { 0x8d, 0x8e, 0x95, 0x96 })
        {
            var pickle = new PickleWriter().Op(wide).Op(BitConverter.GetBytes(ulong.MaxValue)).Stop();
            Refused(TorchSamples.Zip(pickle), "18446744073709551615 bytes are claimed");
        }

        static byte[] Claiming(char opcode, int length) =>
            TorchSamples.Zip(new PickleWriter().Claim(opcode, length).Stop());
    }

    [Fact]
    public void Misuse_of_the_stack_is_refused()
    {
        foreach (
            var code in new[]
            {
                "",
                "0",
                "2",
                "t",
                "u",
                "a",
                "R",
                "b",
                "Q",
                "o",
                "(Q",
                "(o",
                "}K\u0001a",
                "]K\x01K\x02s",
            }
        )
        {
            Refused(TorchSamples.Zip(new PickleWriter().Op(TorchSamples.Ascii(code)).Stop()), "the pickle");
        }

        Refused(TorchSamples.Zip(new PickleWriter().Op("K\x01"u8).Op('}').Op('R').Stop()), "without a tuple");
        Refused(TorchSamples.Zip(new PickleWriter().Op('N').Op(')').Op('R').Stop()), "not a class or function");
        Refused(TorchSamples.Zip(new PickleWriter().Op("h\x07"u8).Stop()), "a value that it has not made");
        Refused(TorchSamples.Zip(new PickleWriter().Op("(}K\x01u"u8).Stop()), "the pickle");
        Refused(TorchSamples.Zip(new PickleWriter().Op("}(K\x01u"u8).Stop()), "key without a value");
        Refused(TorchSamples.Zip(new PickleWriter().Op("S'rm'\n"u8).Stop()), "the instruction 53");
        Refused(TorchSamples.Zip(new PickleWriter().Op(0x80, 9).Stop()), "unknown protocol 9");
        Refused(TorchSamples.Zip([0x80, 2, (byte)'}']), "ends too early");
    }

    [Fact]
    public void Deep_nesting_does_not_overflow_the_stack()
    {
        const int Depth = 100_000;
        var lists = Saved(w => w.Repeat(Depth, (byte)']').Repeat(Depth - 1, (byte)'a'));
        using (var file = TorchSamples.Open(_folder, TorchSamples.Zip(lists)))
        {
            Assert.Empty(file.Tensors);
        }

        var tuples = Saved(w => w.Op(')').Repeat(Depth, 0x85));
        TorchSamples.Open(_folder, TorchSamples.Zip(tuples)).Dispose();
        var dictionaries = Saved(w => w.Repeat(Depth, "}K\x01"u8).Op('N').Repeat(Depth, (byte)'s'));
        Refused(TorchSamples.Zip(dictionaries), "nested deeper than 64", 4 * MostAllocated);
        Refused(TorchSamples.Zip(new PickleWriter().Repeat(1_000_001, (byte)'(').Stop()), "deeper than 1000000");
    }

    [Fact]
    public void A_dictionary_that_contains_itself_is_refused()
    {
        var pickle = new PickleWriter().Op("}q\0K\x01h\0s"u8).Stop();
        Refused(TorchSamples.Zip(pickle), "nested deeper than 64");
    }

    /// <summary>The dictionary's two entries are one dictionary, and so on: 2^60 names.</summary>
    [Fact]
    public void Shared_dictionaries_cannot_multiply_names()
    {
        var pickle = new PickleWriter().Op("}q\0"u8).Repeat(60, "}q\x01(K\x01h\0K\x02h\0uh\x01q\0"u8).Stop();
        Refused(TorchSamples.Zip(pickle), "characters", 16 * MostAllocated);
    }

    [Fact]
    public void Steps_memory_and_stack_are_limited()
    {
        Refused(
            TorchSamples.Zip(new PickleWriter().Op('N').Repeat(2_000_000, "N0"u8).Stop()),
            "more than 4000000 steps"
        );
        Refused(TorchSamples.Zip(new PickleWriter().Repeat(1_000_001, (byte)'N').Stop()), "1000000 values at a time");
        var memo = new PickleWriter().Op('N').Repeat(1_000_001, 0x94).Stop();
        Refused(TorchSamples.Zip(memo), "remembers more than 1000000", 4 * MostAllocated);

        // A long text joined to others by STACK_GLOBAL, a long key looked up again and again.
        var text = new string('x', 100_000);
        var global = new PickleWriter().Text(text).Op("q\0"u8).Repeat(1000, (byte)'h', 0, (byte)'h', 0, 0x93).Stop();
        Refused(TorchSamples.Zip(global), "the pickle");
        Refused(
            TorchSamples.Zip(new PickleWriter().Text(text).Text(text).Op(0x93).Stop()),
            "more than 1024 characters"
        );
        Refused(TorchSamples.Zip(new PickleWriter().Global("os", text).Stop()), "longer than 1024 bytes");
        Refused(TorchSamples.Zip(new PickleWriter().Storage(text, 1).Stop()), "a way that torch.save does not");
    }

    [Fact]
    public void Views_must_lie_within_their_storage()
    {
        Refused(View([7], [1]), "element 6 of a storage of 6");
        Refused(View([6], [1], offset: 1), "element 6 of a storage of 6");
        Refused(View([2, 3], [3, 2]), "element 7 of a storage of 6");
        Refused(View([2], [-1], offset: 3), "whole numbers from 0 on");
        Refused(View([-2], [1]), "whole numbers from 0 on");
        Refused(View([2], [1], offset: -1), "whole numbers from 0 on");
        Refused(View([2], [1, 1]), "whole numbers from 0 on");
        Refused(View([], [], offset: 6), "element 6 of a storage of 6");
        Refused(View([2, 2], [long.MaxValue, long.MaxValue]), "of a storage of 6");
        Refused(View([long.MaxValue], [0]), "larger than its storage");
        Refused(View([1L << 31, 1L << 31, 1L << 31], [0, 0, 0]), "larger than its storage");
        Refused(View([0, long.MaxValue], [1, 1]), "larger than its storage");
        Refused(View([.. Enumerable.Repeat(1L, 65)], [.. Enumerable.Repeat(1L, 65)]), "whole numbers from 0 on");
        Refused(View([6], [1], count: 7), "too few for 7");
        Refused(View([6], [1], count: -1), "too few for -1");
        Refused(View([6], [1], count: long.MaxValue), "too few for");
        Refused(View([6], [1], key: "1"), "'archive/data/1' is missing");
        Refused(View([6], [1], key: "../data.pkl"), "is missing");

        static byte[] View(long[] sizes, long[] strides, long offset = 0, long count = 6, string key = "0") =>
            TorchSamples.Zip(
                Saved(w => w.Tensor(key, count, sizes, strides, offset)),
                ("data/0", TorchSamples.Floats(6))
            );
    }

    [Fact]
    public void Many_views_of_little_data_are_refused()
    {
        const long Large = 60 << 20;
        var pickle = new PickleWriter().Op('}').Op('(');
        for (var i = 0; i < 3; i++)
        {
            pickle.Text($"w{i}").Tensor("0", 1, [Large], [0]);
        }

        Refused(TorchSamples.Zip(pickle.Op('u').Stop(), ("data/0", TorchSamples.Floats(1))), "views that take");
    }

    [Fact]
    public void Calls_of_known_functions_with_other_arguments_are_refused()
    {
        var rebuild = new PickleWriter().Global("torch._utils", "_rebuild_tensor_v2");
        Refused(TorchSamples.Zip(rebuild.Op(')').Op('R').Stop()), "arguments that it does not take");
        var parameter = new PickleWriter().Global("torch._utils", "_rebuild_parameter").Op('N').Op(0x85).Op('R');
        Refused(TorchSamples.Zip(parameter.Stop()), "arguments that it does not take");
        var storage = new PickleWriter().Global("torch", "FloatStorage").Number(1L << 40).Op(0x85).Op('R');
        Refused(TorchSamples.Zip(storage.Stop()), "arguments that it does not take");
        var pairs = new PickleWriter().Global("collections", "OrderedDict").Op("]Na"u8).Op(0x85).Op('R');
        Refused(TorchSamples.Zip(pairs.Stop()), "something else than pairs");
    }

    private static byte[] Saved(Action<PickleWriter> value)
    {
        var pickle = new PickleWriter().Op('}').Text("w");
        value(pickle);
        return pickle.Op('s').Stop();
    }

    private void Refused(byte[] bytes, string why, long mostAllocated = MostAllocated)
    {
        var path = _folder["hostile.pth"];
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<CheckpointFormatException>(() => TorchFile.Open(path).Dispose());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mostAllocated);
        Assert.Contains(why, refusal.Message);
        Assert.StartsWith(path, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.True(refusal.Message.Length < path.Length + 400, refusal.Message);
    }
}
