using System.Globalization;
using System.Numerics;
using Op = LatentDiffusion.Checkpoints.Torch.Pickles.PickleOpcode;

namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>
/// A pickle machine that builds plain values and tensors and nothing else. It has no way to reach code: a class or function
/// that it does not know becomes a <see cref="PickleStub"/>.
/// </summary>
/// <remarks>It never recurses, and every step and every value kept is counted against a limit.</remarks>
internal sealed class Unpickler
{
    private const int MaxSteps = 4_000_000;
    private const int MaxMemo = 1_000_000;
    private const int MaxNumberLength = 256;
    private const int HighestProtocol = 5;

    private readonly PickleInput _input;
    private readonly PickleStack _stack;
    private readonly PickleCalls _calls;
    private readonly PickleStubs _stubs;
    private readonly Dictionary<uint, object?> _memo = [];

    private Unpickler(PickleInput input, IStorages storages, PickleStubs stubs)
    {
        _input = input;
        _stack = new PickleStack(input);
        _calls = new PickleCalls(input, storages);
        _stubs = stubs;
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="input">Starts at the pickle and stands behind it afterwards.</param>
    /// <param name="storages">The storages of the file.</param>
    /// <param name="stubs">Receives the classes and functions that are not known.</param>
    /// <exception cref="CheckpointFormatException">The pickle is damaged or breaks a limit.</exception>
    public static object? Load(PickleInput input, IStorages storages, PickleStubs stubs)
    {
        var machine = new Unpickler(input, storages, stubs);
        for (var steps = 0; steps < MaxSteps; steps++)
        {
            var opcode = input.ReadByte();
            if (opcode == Op.Stop)
            {
                return machine._stack.Pop();
            }

            machine.Step(opcode);
        }

        throw input.Damaged($"the pickle takes more than {MaxSteps} steps");
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case Op.Proto:
                RequireProtocol(_input.ReadByte());
                break;
            case Op.Frame:
                _input.Require(_input.ReadUInt64());
                break;
            case Op.Mark:
                _stack.PushMark();
                break;
            case Op.Pop:
                _stack.Pop();
                break;
            case Op.PopMark:
                _stack.PopToMark();
                break;
            case Op.BinPut:
                Memoize(_input.ReadByte());
                break;
            case Op.LongBinPut:
                Memoize(_input.ReadUInt32());
                break;
            case Op.Memoize:
                Memoize((uint)_memo.Count);
                break;
            case Op.Append:
                AddTo(_stack.Pop(1));
                break;
            case Op.Appends or Op.AddItems:
                AddTo(_stack.PopToMark());
                break;
            case Op.SetItem:
                SetIn(_stack.Pop(2));
                break;
            case Op.SetItems:
                SetIn(_stack.PopToMark());
                break;
            case Op.Build:
                Build();
                break;
            default:
                _stack.Push(Value(opcode));
                break;
        }
    }

    private object? Value(byte opcode) =>
        opcode switch
        {
            Op.None => null,
            Op.NewTrue => true,
            Op.NewFalse => false,
            Op.Int => Number(_input.ReadLine()),
            Op.BinInt => (long)_input.ReadInt32(),
            Op.BinInt1 => (long)_input.ReadByte(),
            Op.BinInt2 => (long)_input.ReadUInt16(),
            Op.Long1 => Number(_input.ReadByte()),
            Op.Long4 => Number(_input.ReadUInt32()),
            Op.BinFloat => _input.ReadDouble(),
            Op.ShortBinString or Op.ShortBinUnicode => _input.ReadText(_input.ReadByte()),
            Op.BinString or Op.BinUnicode => _input.ReadText(_input.ReadUInt32()),
            Op.BinUnicode8 => _input.ReadText(_input.ReadUInt64()),
            Op.ShortBinBytes => _input.ReadBytes(_input.ReadByte()),
            Op.BinBytes => _input.ReadBytes(_input.ReadUInt32()),
            Op.BinBytes8 or Op.ByteArray8 => _input.ReadBytes(_input.ReadUInt64()),
            Op.EmptyTuple => Array.Empty<object?>(),
            Op.Tuple => _stack.PopToMark(),
            Op.Tuple1 => _stack.Pop(1),
            Op.Tuple2 => _stack.Pop(2),
            Op.Tuple3 => _stack.Pop(3),
            Op.EmptyList => new List<object?>(),
            Op.List => _stack.PopToMark().ToList(),
            Op.EmptyDict => new PickleDictionary(),
            Op.Dict => DictionaryOf(_stack.PopToMark()),
            Op.EmptySet => new PickleSet(),
            Op.FrozenSet => SetOf(_stack.PopToMark()),
            Op.Dup => _stack.Peek(),
            Op.BinGet => Recall(_input.ReadByte()),
            Op.LongBinGet => Recall(_input.ReadUInt32()),
            Op.Global => _stubs.Find(_input, _input.ReadLine(), _input.ReadLine()),
            Op.StackGlobal => StackGlobal(_stack.Pop(2)),
            Op.BinPersId => _calls.Resolve(_stack.Pop()),
            Op.Reduce or Op.NewObj => Call(_stack.Pop(2)),
            Op.NewObjEx => Call(_stack.Pop(3)),
            Op.Obj => CallAll(_stack.PopToMark()),
            _ => throw _input.Damaged(
                $"the pickle has the instruction {opcode.ToString("x2", CultureInfo.InvariantCulture)}, which torch.save "
                    + "does not use"
            ),
        };

    private object Number(uint length)
    {
        if (length > MaxNumberLength)
        {
            throw _input.Damaged($"the pickle has a number of {length} bytes");
        }

        var number = new BigInteger(_input.ReadBytes(length));
        if (number >= long.MinValue && number <= long.MaxValue)
        {
            var narrow = (long)number;
            return narrow;
        }

        return number;
    }

    private long Number(string digits) =>
        long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw _input.Damaged("the pickle has a number that is not made of digits");

    private object StackGlobal(object?[] names) =>
        names is [string module, string name]
            ? _stubs.Find(_input, module, name)
            : throw _input.Damaged("the pickle names a class by something that is not a text");

    // Keyword arguments (the third value) mean nothing to any global that is known.
    private object Call(object?[] values) => _calls.Call(values[0], Arguments(values[1]));

    private object?[] Arguments(object? value) =>
        value as object?[] ?? throw _input.Damaged("the pickle calls a function without a tuple of arguments");

    private object CallAll(object?[] values) =>
        values is [var function, .. var arguments]
            ? _calls.Call(function, arguments)
            : throw _input.Damaged("the pickle makes an object of no class");

    private PickleDictionary DictionaryOf(object?[] pairs)
    {
        var dictionary = new PickleDictionary();
        RequirePairs(pairs);
        dictionary.SetAll(pairs);
        return dictionary;
    }

    private static PickleSet SetOf(object?[] _) => new();

    private void AddTo(object?[] values)
    {
        switch (_stack.Peek())
        {
            case List<object?> list:
                list.AddRange(values);
                break;
            case PickleSet or PickleStub:
                break;
            default:
                throw _input.Damaged("the pickle appends to something that is not a list");
        }
    }

    private void SetIn(object?[] pairs)
    {
        RequirePairs(pairs);
        switch (_stack.Peek())
        {
            case PickleDictionary dictionary:
                dictionary.SetAll(pairs);
                break;
            case PickleStub:
                break;
            default:
                throw _input.Damaged("the pickle sets entries of something that is not a dictionary");
        }
    }

    // State is attributes: a state dict's version numbers, a parameter's hooks. No tensor is in there.
    private void Build()
    {
        _stack.Pop();
        if (_stack.Peek() is not (PickleDictionary or PickledTensor or PickleSet or PickleStub))
        {
            throw _input.Damaged("the pickle sets attributes of a plain value");
        }
    }

    private void Memoize(uint index)
    {
        if (_memo.Count == MaxMemo)
        {
            throw _input.Damaged($"the pickle remembers more than {MaxMemo} values");
        }

        _memo[index] = _stack.Peek();
    }

    private object? Recall(uint index) =>
        _memo.TryGetValue(index, out var value)
            ? value
            : throw _input.Damaged("the pickle refers to a value that it has not made");

    private void RequireProtocol(byte protocol)
    {
        if (protocol > HighestProtocol)
        {
            throw _input.Damaged($"the pickle has the unknown protocol {protocol}");
        }
    }

    private void RequirePairs(object?[] values)
    {
        if (values.Length % 2 != 0)
        {
            throw _input.Damaged("the pickle has a dictionary key without a value");
        }
    }
}
